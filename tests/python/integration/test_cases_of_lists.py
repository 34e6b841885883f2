"""Files as people have them, from reports in public: each gives its right value or one sentence.

A CASE.md beside each says what was wanted, and which value is right.
"""

from __future__ import annotations

import pytest

from tests.python.conftest import WITHOUT_UNIT_TESTS, run_throng
from tests.python.support.cases import case, residents
from tests.python.support.tiny_landing import stopped_at_lists

AS_FAR_AS_CELLS = ("build", *WITHOUT_UNIT_TESTS, "test", "--select", "+int_cell_site_versions")


def test_07_a_cell_with_an_area_and_no_coordinates(server):
    """24 people live in A. The stops of 20 of them there cannot be seen, and that is said."""
    landing, variables = case("07-cell-without-coordinates")
    counted = ("+candidate_count_residents", "+candidate_count_stops", "int_events_without_stop")
    server.build_untested(landing, "--select", *counted, **variables)
    assert residents(server) == {"A": 24}
    stays = (
        "select area_id, max(n_subscribers) from protected.candidate_count_stops "
        "where area_level = 'district' group by area_id"
    )
    assert dict(server.query(stays))["A"] == 4
    without = "select area_id, n_cells, n_subscribers from protected.int_events_without_stop"
    assert server.query(without) == [("A", 1, 20)]
    said = run_throng("summary", env=server.env).stdout
    assert "events in no stop; in A those of 20 people" in said


def test_08_latitude_116(server):
    landing, variables = case("08-latitude-116")
    said = stopped_at_lists(server.dbt(*AS_FAR_AS_CELLS, landing=landing, **variables))
    assert said.startswith(
        "cell_sites/cells.csv: a latitude beyond 90 degrees does not exist (longitude 39.90, "
        "latitude 116.30; 2 of 2 rows). Longitude and latitude look exchanged."
    )


def test_17_a_cell_id_without_its_location_area(server):
    landing, variables = case("17-cell-id-without-its-lac")
    said = stopped_at_lists(server.dbt(*AS_FAR_AS_CELLS, landing=landing, **variables))
    assert said.startswith(
        "cell_sites/cells.csv: 1 of the cells stand at two places at one time, such as 5001 in "
        "area A and in area B."
    )
    assert 'cell_site_columns and event_columns, as in {cell_id: "lac;ci"}' in said


@pytest.mark.long
def test_17_after_what_the_message_says_was_done(server):
    """The id of a cell is that of its location area and its own."""
    landing, _ = case("17-cell-id-without-its-lac")
    variables = {
        "event_columns": {"cell_id": "lac;ci"},
        "cell_site_columns": {"cell_id": "lac;cell_id"},
    }
    server.build_untested(landing, "--select", "+candidate_count_residents", **variables)
    assert residents(server) == {"A": 24, "B": 16}
