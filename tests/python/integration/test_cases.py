"""Small inputs as people report them: each gives its right value, or one sentence."""

from __future__ import annotations

import pytest

from tests.python.support.cases import case, residents

COUNTED = "+candidate_count_residents"


@pytest.fixture
def built(server):
    """Build a reported case, or the part of it that a test is about."""

    def build(name: str, *select: str, **further) -> None:
        landing, variables = case(name)
        server.build_untested(landing, "--select", *select, **variables, **further)

    return build


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


def test_texts_without_a_cell_are_texts(server, built):
    built(
        "02-texts-without-a-cell",
        "+int_profile_activity",
        "int_profile_contacts",
        "unplaced_events",
    )
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


def test_a_duration_as_clock_time(server, built):
    built("04-duration-as-clock", "+int_profile_activity")
    assert activity(server, "number_of_interactions")["call"] == {6}
    assert activity(server, "call_duration_mean")["call"] == {95}


def test_decimal_commas(server, built):
    built("05b-european-csv-lists-mended", "+int_profile_activity", COUNTED)
    assert residents(server) == {"A": 24, "B": 16}
    assert activity(server, "call_duration_mean")["call"] == {95.5}


def test_two_clocks_that_were_wrong(server, built):
    """A study of three days, and two rows that are refused."""
    built("09-clock-of-1970-and-2036", COUNTED, "rejected_events", "int_study_window")
    assert residents(server) == {"A": 24, "B": 16}
    assert server.query(
        "select datediff(study_end_date, study_start_date) + 1 from protected.int_study_window"
    ) == [(3,)]
    assert server.query(
        "select reject_reason, count(*) from protected.rejected_events group by all"
    ) == [("implausible_time", 2)]


def test_times_with_the_name_of_the_day(server, built):
    built("18-java-date", COUNTED)
    assert residents(server) == {"A": 24, "B": 16}


def test_codes_with_point_zero(server, built):
    built("23-listener-codes-with-point-zero", "+int_customers_checked", feeds=["listening"])
    for column, counted in {
        "level": {"Silver": 20, "Gold": 20},
        "gender": {"male": 20, "female": 20},
    }.items():
        found = server.query(
            f"select {column}, count(*) from protected.int_customers_checked group by {column}"
        )
        assert dict(found) == counted
