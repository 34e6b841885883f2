"""Each defence taken away must make a dbt test fail: a test that cannot fail protects nobody."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.python.conftest import copy_project
from tests.python.integration import edge_country
from tests.python.integration.test_marts import STUDY
from throng.synth.listeners import ListenerSettings, generate_listeners


@pytest.fixture(scope="module")
def landing(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(folder)
    first = date.fromisoformat(edge_country.STUDY_START)
    generate_listeners(ListenerSettings(events=2_000, customers=100, start=first, days=2), folder)
    server.build_untested(folder, **STUDY)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """One copy for all mutations: of a project that it knows dbt reads only what changed."""
    return copy_project(tmp_path_factory.mktemp("mutated"))


def failures(done) -> set[str]:
    return set(re.findall(r"FAIL \d+ (\S+)", done.stdout))


def test_a_lower_threshold_by_var_is_seen(server, landing):
    """Tables built with a threshold of 2 do not pass the tests of the standing one of 16."""
    marts = [
        "count_subscribers",
        "count_events",
        "count_residents",
        "od_matrix_directed_all_pairs",
        "total_subscribers",
    ]
    models = ["int_withheld_cells", *(f"release_{mart}" for mart in marts)]
    built = server.dbt("run", "--select", *models, landing=landing, min_group_size=2, **STUDY)
    assert built.returncode == 0, built.stdout
    rules = [f"release_{mart}_min_group_size" for mart in marts] + ["int_additive_groups_residual"]
    tested = server.dbt("test", "--select", *rules, landing=landing, **STUDY)
    assert tested.returncode == 1
    assert failures(tested) >= set(rules)


@pytest.mark.parametrize(
    ("file", "defence", "mutant", "seen_by"),
    [
        pytest.param(
            "macros/privacy/has_min_group_size.sql",
            "{{ head_count }} >= {{ var('min_group_size') }}",
            "true",
            "release_count_residents_min_group_size",
            id="no suppression at all",
        ),
        pytest.param(
            "macros/privacy/has_min_group_size.sql",
            "{{ head_count }} >= {{ var('min_group_size') }}",
            "{{ head_count }} >= {{ var('min_group_size') }} - 1",
            "release_count_residents_min_group_size",
            id="fifteen people are enough",
        ),
        pytest.param(
            "models/intermediate/mobility/presence/release_count_events.sql",
            "has_min_group_size('cells_counted.n_subscribers')",
            "has_min_group_size('cells_counted.n_events')",
            "release_count_events_min_group_size",
            id="events decide instead of people",
        ),
        pytest.param(
            "models/intermediate/mobility/homes/release_count_residents.sql",
            "case when is_published then {{ released_count('n_subscribers') }} end",
            "{{ released_count('n_subscribers') }}",
            "release_count_residents_suppressed_is_null",
            id="a withheld number left in",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_withheld_cells.sql",
            "        not is_withheld\n        and (",
            "        false\n        and (",
            "int_additive_groups_residual",
            id="no complement",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_withheld_cells.sql",
            "n_before < 2",
            "n_before < 1",
            "int_additive_groups_residual",
            id="one withheld cell alone",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_withheld_cells.sql",
            "is_parent_withheld or n_withheld > 0",
            "n_withheld > 0",
            "a_withheld_parent_is_not_rebuilt_from_below",
            id="a parent rebuilt from below",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_withheld_cells.sql",
            "                xxhash64(table_cell, people_key) asc,\n",
            "",
            "a_keyed_order_decides_among_equals",
            id="an order that everybody knows",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_additive_groups.sql",
            "having parent_n_subscribers > sum(n_subscribers)",
            "having false",
            "the_rest_is_a_member",
            id="those seen elsewhere too are forgotten",
        ),
        pytest.param(
            "models/intermediate/mobility/presence/candidate_count_subscribers.sql",
            "        date_trunc('week', event_date),\n        area_level",
            "        date_trunc('week', event_date),\n        event_date,\n        area_level",
            "one_person_on_many_days_is_one_person",
            id="rows instead of people, in the week",
        ),
        pytest.param(
            "models/intermediate/mobility/presence/candidate_total_subscribers.sql",
            "        date_trunc('week', event_date),\n        subscriber_id",
            "        date_trunc('week', event_date),\n        event_date,\n        subscriber_id",
            "assert_residents_sum_to_total",
            id="rows instead of people, in the total",
        ),
        pytest.param(
            "models/intermediate/mobility/homes/candidate_count_visits_home_away.sql",
            "left join home_areas",
            "inner join home_areas",
            "assert_home_away_sums_to_presence",
            id="people without a home lost",
        ),
        pytest.param(
            "models/intermediate/events/int_events_checked.sql",
            "when copy_number > 1 then 'duplicate'",
            "when copy_number > 2 then 'duplicate'",
            "one_of_equal_rows_counts",
            id="copies counted",
        ),
        pytest.param(
            "models/intermediate/events/rejected_events.sql",
            "where event_date is null",
            "where event_date is null and reject_reason <> 'malformed_row'",
            "assert_every_row_is_accounted_for",
            id="rows lost without a word",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_dominated_cells.sql",
            "        not {{ is_not_dominated(\n            'total_at_least_minutes',",
            "        false and not {{ is_not_dominated(\n            'total_at_least_minutes',",
            "release_stay_durations_dominance_at_least_minutes",
            id="a mean that tells of one person",
        ),
        pytest.param(
            "models/intermediate/mobility/stops/release_stay_durations.sql",
            "is_published and {{ has_order_statistics_size('n_subscribers') }}",
            "is_published",
            "a_median_needs_ten_times_as_many_people",
            id="a median of few",
        ),
        pytest.param(
            "models/intermediate/mobility/stops/release_day_rhythm.sql",
            "            and withheld_residents.table_cell is null,",
            "            and true,",
            "a_share_is_withheld_where_residents_are",
            id="a share of residents who are withheld",
        ),
        pytest.param(
            "models/intermediate/mobility/journeys/release_journeys_od.sql",
            "is_published and is_at_least_published",
            "is_published",
            "a_shortest_duration_of_one_person_is_withheld_alone",
            id="a duration of one person",
        ),
        pytest.param(
            "models/intermediate/listening/int_listening_copies.sql",
            "where copy_number > 1",
            "where copy_number > 2",
            "events_equal_in_all_columns_are_copies",
            id="copies of listening events counted",
        ),
        pytest.param(
            "models/intermediate/listening/int_listening_copies.sql",
            "                listening_events.track_id,\n",
            "",
            "events_equal_in_all_columns_are_copies",
            id="another track taken for a copy",
        ),
        pytest.param(
            "models/intermediate/listening/int_listener_counts.sql",
            "        -1 as n_events",
            "        0 as n_events",
            "hours_are_half_open_and_copies_count_once",
            id="copies not taken away again",
        ),
        pytest.param(
            "models/intermediate/listening/int_listener_counts.sql",
            "hour_of_day >= 5 and hour_of_day < 12",
            "hour_of_day > 5 and hour_of_day < 12",
            "hours_are_half_open_and_copies_count_once",
            id="an hour of the wrong part of the day",
        ),
        pytest.param(
            "models/intermediate/listening/int_listener_profiles.sql",
            "struct(events.event_id, events.zip)",
            "events.zip",
            "the_latest_zip_is_of_the_latest_event_that_has_one",
            id="the greatest zip for the latest",
        ),
        pytest.param(
            "models/intermediate/listening/int_listener_profiles.sql",
            "left join latest_zips",
            "inner join latest_zips",
            "the_latest_zip_is_of_the_latest_event_that_has_one",
            id="listeners without a zip lost",
        ),
        pytest.param(
            "models/intermediate/listening/rejected_listener_rows.sql",
            "where event_date is null",
            "where event_date is null and reject_reason <> 'malformed_row'",
            "assert_every_listener_row_is_accounted_for",
            id="listening events lost without a word",
        ),
        pytest.param(
            "models/intermediate/listening/int_customers_checked.sql",
            "        customers_numbered.key_id,",
            "        'k0' as key_id,",
            "assert_listeners_are_under_one_key",
            id="customers under another key",
        ),
        pytest.param(
            "models/intermediate/listeners/candidate_listener_summary.sql",
            "    where is_listed\n",
            "",
            "statistics_over_the_customers_of_a_group",
            id="a group of those who are in no list",
        ),
        pytest.param(
            "models/intermediate/listening/int_listener_kinds.sql",
            "        bool_and(\n            missing.feature is null",
            "        bool_and(\n            true",
            "a_kind_is_withheld_where_its_rest_would_tell_of_one",
            id="what is missing of a kind tells of one listener",
        ),
        pytest.param(
            "models/intermediate/habits/candidate_contact_matrix.sql",
            "direction = 'out'",
            "direction is not null",
            "a_call_counts_once_between_the_homes_of_its_two_people",
            id="calls counted at both ends",
        ),
        pytest.param(
            "models/intermediate/disclosure/int_dominated_cells.sql",
            "not {{ has_min_group_size('n_contacted') }}",
            "false",
            "a_mean_that_one_person_makes_up_is_dominated",
            id="calls of many to a few",
        ),
        pytest.param(
            "models/intermediate/habits/release_contact_matrix.sql",
            "is_published and is_reciprocity_published",
            "is_published",
            "reciprocity_of_a_few_is_withheld_alone",
            id="reciprocity of a few",
        ),
        pytest.param(
            "models/intermediate/habits/release_profile_summary.sql",
            "{{ rounded_to_group_size('n_with_value') }}",
            "n_with_value",
            "how_many_have_a_value_is_told_in_steps",
            id="head counts that lie one in the other",
        ),
        pytest.param(
            "models/intermediate/profile_groups/int_profile_areas_in_order.sql",
            "and {{ has_fair_values('second_largest_value') }}",
            "",
            "areas_of_which_nothing_may_be_told_come_first",
            id="a mean of a profile that tells of one person",
        ),
        pytest.param(
            "models/intermediate/profile_groups/int_profile_means.sql",
            "n_unfair = 0 or coalesce(area_position > last_position, false)",
            "is_fair",
            "areas_are_left_out_until_what_is_left_out_is_fair",
            id="what is missing of a level tells of one person",
        ),
        pytest.param(
            "models/intermediate/segments/int_segment_means.sql",
            "cells_of_areas.is_area_fair and unfair_segments.segment is null",
            "cells_of_areas.is_area_fair",
            "means_of_segments_are_told_where_what_is_missing_is_fair",
            id="what is missing of a segment tells of one person",
        ),
    ],
)
def test_a_defence_taken_away_is_seen(
    server, landing, project, request, file, defence, mutant, seen_by
):
    text = (project / file).read_text()
    assert defence in text, "the defence has moved; move the mutation with it"
    request.addfinalizer(lambda: (project / file).write_text(text))
    (project / file).write_text(text.replace(defence, mutant))
    model = file.rsplit("/", 1)[1].removesuffix(".sql")
    selected = "release_count_residents" if file.startswith("macros") else model
    # What is withheld shows in what follows from it.
    if seen_by == "int_additive_groups_residual":
        selected = "int_withheld_cells+"
    if model == "int_dominated_cells":
        selected = "int_dominated_cells int_withheld_cells release_stay_durations"
    # A failing unit test would keep dbt from building the model that a data test is to catch.
    data_test = ("assert_", "release_", "int_")
    kind = "test" if seen_by.startswith(data_test) else "unit_test"
    other = {"unit_test": "test", "test": "unit_test"}[kind]
    arguments = ["build", "--select", *selected.split(" "), "--exclude-resource-type", other]
    tested = server.dbt(*arguments, landing=landing, project=project, **STUDY)
    assert tested.returncode == 1, tested.stdout
    assert seen_by in tested.stdout.split("Completed with")[1], tested.stdout
