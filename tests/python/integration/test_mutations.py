"""Each defence taken away must make a dbt test fail: a test that cannot fail protects nobody."""

from __future__ import annotations

import re

import pytest

from tests.python.integration import edge_country
from tests.python.integration.test_bad_input import copy_project
from tests.python.integration.test_marts import STUDY


@pytest.fixture(scope="module")
def landing(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(folder)
    done = server.dbt("run", landing=folder, **STUDY)
    assert done.returncode == 0, done.stdout
    return folder


def failures(done) -> set[str]:
    return set(re.findall(r"FAIL \d+ (\S+)", done.stdout))


def test_a_lower_threshold_by_var_is_seen(server, landing):
    """Marts built with a threshold of 2 do not pass the tests of the standing one of 16."""
    built = server.dbt("run", "--select", "marts", landing=landing, min_group_size=2, **STUDY)
    assert built.returncode == 0, built.stdout
    tested = server.dbt("test", "--select", "marts", landing=landing, **STUDY)
    assert tested.returncode == 1
    assert {name for name in failures(tested) if name.endswith("_min_group_size")} >= {
        "count_subscribers_min_group_size",
        "count_events_min_group_size",
        "count_residents_min_group_size",
        "od_matrix_directed_all_pairs_min_group_size",
        "total_subscribers_min_group_size",
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
            "models/marts/mobility/presence/count_events.sql",
            "has_min_group_size('n_subscribers')",
            "has_min_group_size('n_events')",
            "count_events_min_group_size",
            id="events decide instead of people",
        ),
        pytest.param(
            "models/intermediate/mobility/presence/candidate_count_subscribers.sql",
            "count(distinct subscriber_id)",
            "count(*)",
            "one_person_on_many_days_is_one_person",
            id="rows instead of people, in the week and month",
        ),
        pytest.param(
            "models/intermediate/mobility/presence/candidate_total_subscribers.sql",
            "count(distinct subscriber_id)",
            "count(*)",
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
    ],
)
def test_a_defence_taken_away_is_seen(server, landing, tmp_path, file, defence, mutant, seen_by):
    project = copy_project(tmp_path)
    text = (project / file).read_text()
    assert defence in text, "the defence has moved; move the mutation with it"
    (project / file).write_text(text.replace(defence, mutant))
    model = file.rsplit("/", 1)[1].removesuffix(".sql")
    selected = "count_residents" if file.startswith("macros") else model
    # A failing unit test would keep dbt from building the model that a data test is to catch.
    kind = "unit_test" if not seen_by.startswith("assert_") and "_min_" not in seen_by else "test"
    other = {"unit_test": "test", "test": "unit_test"}[kind]
    arguments = ["build", "--select", selected, "--exclude-resource-type", other]
    tested = server.dbt(*arguments, landing=landing, project=project, **STUDY)
    assert tested.returncode == 1, tested.stdout
    assert seen_by in tested.stdout.split("Completed with")[1], tested.stdout
