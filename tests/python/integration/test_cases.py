"""Small inputs as people report them: each gives its right value, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.python.conftest import PROJECT

CASES = PROJECT.parent / "shared/data/cases"
COUNTED = "+candidate_count_residents"


@pytest.fixture
def case(server):
    """Build a case by its number and return what it was built with."""

    def built(number: str, *select: str, **further) -> Path:
        if not CASES.exists():
            pytest.skip(f"{CASES} is not there: the cases are not part of the project")
        [folder] = CASES.glob(f"{number}-*")
        dbt_vars = json.loads((folder / "vars.json").read_text())
        server.build_untested(folder / "landing", "--select", *select, **{**dbt_vars, **further})
        return folder

    return built


def residents(server) -> dict[str, int]:
    """People by district, published or not, in the study."""
    return dict(
        server.query(
            "select area_id, n_subscribers from protected.candidate_count_residents "
            "where area_level = 'district' and period = 'study'"
        )
    )


def activity(server, column: str) -> dict[str, set[float]]:
    """What all subscribers have in a column of their activity of the study, by interaction."""
    found: dict[str, set[float]] = {}
    for interaction, value in server.query(
        f"select interaction, {column} from protected.int_profile_activity "
        "inner join protected.profile_splits using (split_id) "
        "where part_of_week = 'allweek' and part_of_day = 'allday'"
    ):
        found.setdefault(interaction, set()).add(value)
    return found


def test_texts_without_a_cell_are_texts(server, case):
    case("02", "+int_profile_activity", "int_profile_contacts", "unplaced_events")
    counted = {"call": {6}, "text": {4}, "callandtext": {10}}
    assert activity(server, "number_of_interactions") == counted
    assert {2} == {
        n
        for (n,) in server.query(
            "select number_of_contacts from protected.int_profile_contacts "
            "inner join protected.profile_splits using (split_id) "
            "where interaction = 'callandtext' and part_of_week = 'allweek' "
            "and part_of_day = 'allday'"
        )
    }
    assert server.query(
        "select unplaced_reason, sum(n_events) from protected.unplaced_events group by all"
    ) == [("missing_cell", 80)]


def test_a_duration_as_clock_time(server, case):
    case("04", "+int_profile_activity")
    assert activity(server, "number_of_interactions")["call"] == {6}
    assert activity(server, "call_duration_mean")["call"] == {95}


def test_decimal_commas(server, case):
    case("05b", "+int_profile_activity", COUNTED)
    assert residents(server) == {"A": 24, "B": 16}
    assert activity(server, "call_duration_mean")["call"] == {95.5}


def test_two_clocks_that_were_wrong(server, case):
    """A study of three days, and two rows that are refused."""
    case("09", COUNTED, "rejected_events", "int_study_window")
    assert residents(server) == {"A": 24, "B": 16}
    assert server.query(
        "select datediff(study_end_date, study_start_date) + 1 from protected.int_study_window"
    ) == [(3,)]
    assert server.query(
        "select reject_reason, count(*) from protected.rejected_events group by all"
    ) == [("implausible_time", 2)]


def test_times_with_the_name_of_the_day(server, case):
    case("18", COUNTED)
    assert residents(server) == {"A": 24, "B": 16}


def test_codes_with_point_zero(server, case):
    case("23", "+int_customers_checked", feeds=["listening"])
    for column, counted in {
        "level": {"Silver": 20, "Gold": 20},
        "gender": {"male": 20, "female": 20},
    }.items():
        found = server.query(
            f"select {column}, count(*) from protected.int_customers_checked group by {column}"
        )
        assert dict(found) == counted
