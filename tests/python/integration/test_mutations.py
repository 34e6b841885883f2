"""Each defence taken away must make a dbt test fail: a test that cannot fail protects nobody."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.python.conftest import copy_project
from tests.python.support import edge_country
from tests.python.support.edge_country import STUDY
from throng.synth.listeners import ListenerSettings, generate_listeners

FEEDS = {"feeds": ["listening"]}
# Each mutation builds again what it changes.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def landing(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(folder)
    first = date.fromisoformat(edge_country.STUDY_START)
    generate_listeners(ListenerSettings(events=2_000, customers=100, start=first, days=2), folder)
    server.build_untested(folder, **FEEDS, **STUDY)
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
    models = ["int_withheld_cells", *marts]
    built = server.dbt(
        "run", "--select", *models, landing=landing, min_group_size=2, **FEEDS, **STUDY
    )
    assert built.returncode == 0, built.stdout
    rules = [f"{mart}_min_group_size" for mart in marts] + ["int_withheld_cells_residual"]
    tested = server.dbt("test", "--select", *rules, landing=landing, **FEEDS, **STUDY)
    assert tested.returncode == 1
    assert failures(tested) >= set(rules)


#: What to build for a mutation of a macro, by what is to see it.
SELECTED = {
    "count_residents_min_group_size": "count_residents",
    "count_events_min_group_size": "count_events",
    "count_residents_release_rules": "count_residents",
    "stay_durations_release_rules": "int_table_cells int_withheld_cells stay_durations",
    "a_median_needs_ten_times_as_many_people": "stay_durations",
    "a_shortest_duration_of_one_person_is_withheld_alone": "journeys_od",
    "reciprocity_of_a_few_is_withheld_alone": "contact_matrix",
    "how_many_have_a_value_is_published_in_steps": "profile_summary",
}


@pytest.mark.parametrize(
    ("file", "defence", "mutant", "seen_by"),
    [
        pytest.param(
            "macros/privacy/has_min_group_size.sql",
            "{{ head_count }} >= {{ var('min_group_size') }}",
            "true",
            "count_residents_min_group_size",
            id="no suppression at all",
        ),
        pytest.param(
            "macros/privacy/has_min_group_size.sql",
            "{{ head_count }} >= {{ var('min_group_size') }}",
            "{{ head_count }} >= {{ var('min_group_size') }} - 1",
            "count_residents_min_group_size",
            id="fifteen people are enough",
        ),
        pytest.param(
            "macros/privacy/dp_laplace.sql",
            "        candidates.n_subscribers\n    {%- elif",
            "        candidates.n_events\n    {%- elif",
            "count_events_min_group_size",
            id="events decide instead of people",
        ),
        pytest.param(
            "macros/release/release.sql",
            "(['is_published'] + conditions_of(rule)) | join(' and ')",
            "(['true'] + conditions_of(rule)) | join(' and ')",
            "count_residents_release_rules",
            id="a withheld number left in",
        ),
        pytest.param(
            "models/disclosure/int_withheld_cells.sql",
            "not is_withheld\n                        and (",
            "false\n                        and (",
            "int_withheld_cells_residual",
            id="no complement",
        ),
        pytest.param(
            "models/disclosure/int_withheld_cells.sql",
            "n_before < 2",
            "n_before < 1",
            "int_withheld_cells_residual",
            id="one withheld cell alone",
        ),
        pytest.param(
            "models/disclosure/int_withheld_cells.sql",
            "is_parent_withheld or n_withheld > 0",
            "n_withheld > 0",
            "a_withheld_parent_is_not_rebuilt_from_below",
            id="a parent rebuilt from below",
        ),
        pytest.param(
            "models/disclosure/int_withheld_cells.sql",
            "xxhash64(table_cell, people_key) asc, ",
            "",
            "a_keyed_order_decides_among_equals",
            id="an order that everybody knows",
        ),
        pytest.param(
            "models/disclosure/int_additive_groups.sql",
            "having parent_n_subscribers > sum(n_subscribers)",
            "having false",
            "the_rest_is_a_member",
            id="those seen elsewhere too are forgotten",
        ),
        pytest.param(
            "models/candidates/presence/candidate_count_subscribers.sql",
            "        date_trunc('week', event_date),\n        area_level",
            "        date_trunc('week', event_date),\n        event_date,\n        area_level",
            "one_person_on_many_days_is_one_person",
            id="rows instead of people, in the week",
        ),
        pytest.param(
            "models/candidates/presence/candidate_total_subscribers.sql",
            "        date_trunc('week', event_date),\n        subscriber_id",
            "        date_trunc('week', event_date),\n        event_date,\n        subscriber_id",
            "int_additive_groups_sums_hold",
            id="rows instead of people, in the total",
        ),
        pytest.param(
            "models/candidates/homes/candidate_count_visits_home_away.sql",
            "left join home_areas",
            "inner join home_areas",
            "int_additive_groups_sums_hold",
            id="people without a home lost",
        ),
        pytest.param(
            "models/intermediate/events/int_events_checked.sql",
            "when copies_numbered.copy_number > 1 then 'duplicate'",
            "when copies_numbered.copy_number > 2 then 'duplicate'",
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
            "models/intermediate/events/rejected_events.sql",
            "        reject_reason,\n        rejected_value\n    from events",
            "        nullif(reject_reason, 'duplicate') as reject_reason,\n"
            "        rejected_value\n    from events",
            "rejected_events_listed_reasons",
            id="rows without a reason",
        ),
        pytest.param(
            "macros/release/measures.sql",
            "if rule.get('withhold') == 'cell' -%}",
            "if false -%}",
            "stay_durations_release_rules",
            id="a mean that tells of one person",
        ),
        pytest.param(
            "macros/release/measures.sql",
            "{% do conditions.append(has_order_statistics_size(rule.of)) %}",
            "",
            "a_median_needs_ten_times_as_many_people",
            id="a median of few",
        ),
        pytest.param(
            "models/disclosure/int_withheld_cells.sql",
            "            or (tells_parent and is_parent_withheld)\n",
            "",
            "a_share_is_withheld_where_its_whole_is",
            id="a share of residents who are withheld",
        ),
        pytest.param(
            "macros/release/measures.sql",
            "{% do conditions.append(is_not_dominated_by_one(rule)) %}",
            "",
            "a_shortest_duration_of_one_person_is_withheld_alone",
            id="a duration of one person",
        ),
        pytest.param(
            "macros/disclosure/relations.sql",
            "child=mart, child_measure=measure,\n            keys=others, split='area_level'",
            "child=mart, child_measure=measure,\n            keys=others, split='area_id'",
            "int_additive_groups_sums_hold",
            id="areas that are taken for levels",
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
            "models/candidates/listening/candidate_listener_summary.sql",
            "    where is_listed\n",
            "",
            "statistics_over_the_customers_of_a_group",
            id="a group of those who are in no list",
        ),
        pytest.param(
            "models/disclosure/int_listener_dimensions.sql",
            "        bool_and(\n            missing.feature is null",
            "        bool_and(\n            true",
            "a_dimension_is_withheld_where_its_rest_reveals_one_person",
            id="what is missing of a dimension reveals one listener",
        ),
        pytest.param(
            "models/candidates/phone_use/candidate_contact_matrix.sql",
            "direction = 'out'",
            "direction is not null",
            "a_call_counts_once_between_the_homes_of_its_two_people",
            id="calls counted at both ends",
        ),
        pytest.param(
            "macros/release/measures.sql",
            "{% do conditions.append(has_complement_size('0', part)) %}",
            "",
            "reciprocity_of_a_few_is_withheld_alone",
            id="reciprocity of a few",
        ),
        pytest.param(
            "macros/release/measures.sql",
            "{{ rounded_to_group_size(column) }}",
            "{{ column }}",
            "how_many_have_a_value_is_published_in_steps",
            id="head counts that lie one in the other",
        ),
        pytest.param(
            "models/disclosure/int_profile_areas_in_order.sql",
            "and {{ passes_value_rules('second_largest_value') }}",
            "",
            "areas_that_fail_the_rules_come_first",
            id="a mean of a profile that tells of one person",
        ),
        pytest.param(
            "models/disclosure/int_profile_means.sql",
            "n_failing = 0 or coalesce(area_position > last_position, false)",
            "passes_rules",
            "areas_are_left_out_until_what_is_left_out_passes",
            id="what is missing of a level tells of one person",
        ),
        pytest.param(
            "models/disclosure/int_distance_means.sql",
            "n_failing = 0 or coalesce(area_position > last_position, false)",
            "area_position > n_failing",
            "distances_are_withheld_until_what_is_missing_passes",
            id="what is missing of a level tells how far one person travelled",
        ),
        pytest.param(
            "models/disclosure/int_segment_means.sql",
            "cells_of_areas.passes_in_area and failing_segments.segment is null",
            "cells_of_areas.passes_in_area",
            "means_of_segments_are_published_where_what_is_missing_passes",
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
    selected = model
    if file.startswith("macros"):
        selected = SELECTED.get(seen_by, "")
    # What is withheld shows in what follows from it.
    if seen_by == "int_withheld_cells_residual":
        selected = "int_withheld_cells+"
    if seen_by == "int_additive_groups_sums_hold":
        selected = f"{model} int_table_cells int_additive_members int_additive_groups"
    # A failing unit test would keep dbt from building the model that a data test is to catch.
    data_test = seen_by.startswith(("assert_", "int_")) or seen_by.endswith(
        ("_rules", "_size", "_reasons")
    )
    kind = "test" if data_test else "unit_test"
    other = {"unit_test": "test", "test": "unit_test"}[kind]
    arguments = ["build", "--select", *selected.split(" "), "--exclude-resource-type", other]
    if kind == "unit_test":
        # Others may fail too, and the first that fails keeps dbt from running the rest.
        arguments = ["test", "--select", seen_by]
    elif seen_by in SELECTED:
        # Of the marts before, which are not built again, less is withheld now: another test sees it
        # first, and dbt would not come to the one that looks at the mart.
        arguments += ["--exclude", "int_withheld_cells_residual"]
    tested = server.dbt(*arguments, landing=landing, project=project, **FEEDS, **STUDY)
    assert tested.returncode == 1, tested.stdout
    assert seen_by in tested.stdout.split("Completed with")[1], tested.stdout
