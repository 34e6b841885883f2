"""dbt's exposures are those who read the marts: the report, and each dashboard of the bundle."""

from __future__ import annotations

import re

from throng.report.queries import FINDINGS, QUERIES, QUERIES_OF_FEEDS
from throng.superset.bundle import dashboards_of, marts_of_dashboard, models_for_readers


def exposures(manifest):
    """Names of models by the exposure that depends on them."""
    return {
        exposure["name"]: {name.split(".")[-1] for name in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
    }


def marts_in(sql):
    return set(re.findall(r"\bmarts\.(\w+)", sql))


def readers(manifest):
    """The same, by what the report asks and the charts show."""
    models = models_for_readers(manifest)
    dashboards = dashboards_of(models)
    panels = {f"report_of_{name}": marts_in(sql) for name, sql in QUERIES_OF_FEEDS.items()}
    return {
        "report": marts_in(" ".join([*QUERIES.values(), *FINDINGS.values()])),
        **{panel: read for panel, read in panels.items() if read <= set(models)},
        **{f"superset_{shown.slug}": set(marts_of_dashboard(shown)) for shown in dashboards},
    }


def test_exposures_are_the_report_and_the_dashboards(manifest):
    assert exposures(manifest) == readers(manifest)


def test_without_listeners_and_indicators_too(manifest, events_manifest):
    assert exposures(events_manifest) == readers(events_manifest)
    assert set(exposures(manifest)) - set(exposures(events_manifest)) == {
        *("superset_listeners", "superset_need", "report_of_need"),
    }


def test_an_exposure_reads_what_is_for_readers(manifest):
    assert set().union(*exposures(manifest).values()) <= set(models_for_readers(manifest))


def test_a_dashboard_has_its_title_and_address(manifest):
    titles = {
        f"superset_{shown.slug}": (shown.title, f"/superset/dashboard/{shown.slug}/")
        for shown in dashboards_of(models_for_readers(manifest))
    }
    for exposure in manifest["exposures"].values():
        assert exposure["owner"]["name"] and exposure["description"].strip()
        if exposure["name"] in titles:
            title, address = titles[exposure["name"]]
            assert exposure["type"] == "dashboard"
            assert exposure["label"] == title
            assert exposure["url"].endswith(address)
