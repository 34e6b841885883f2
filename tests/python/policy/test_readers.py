"""Each model has a reader: another model, an analysis, or the people of a study."""

from __future__ import annotations

#: What people read: what was rejected, what no stop shows, places on a map, and the marts.
READ_BY_PEOPLE = {
    *("rejected_areas", "rejected_cells", "rejected_events"),
    *("rejected_recharges", "rejected_listener_rows"),
    *("int_events_without_stop", "int_site_cluster_outlines"),
    "unplaced_events",
    *("int_event_quality", "cell_outages", "cell_quality"),
    "int_suspicious_subscribers",
}
#: What `throng release publish` copies.
PUBLISHED = {"int_area_outlines", "int_indicators"}
#: What a mart reads with `noise_mechanism: dp_laplace` only.
READ_WITH_NOISE = {"int_bounded_count_subscribers", "int_bounded_count_visits_home_away"}


def test_every_model_has_a_reader(manifest):
    readers = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "analysis")
    ]
    read = {name for node in readers for name in node["depends_on"]["nodes"]}
    unread = {
        node["name"]
        for node in readers
        if node["resource_type"] == "model"
        and node["unique_id"] not in read
        and not node["path"].startswith(("marts/", "serving/"))
    }
    assert unread == READ_BY_PEOPLE | PUBLISHED | READ_WITH_NOISE
