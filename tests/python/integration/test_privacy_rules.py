"""The rules for measures other than head counts, on rows made by hand."""

from __future__ import annotations

import re

import pytest

from tests.python.conftest import copy_project
from tests.python.integration.inline import compiled

MEDIANS = [(159, False), (160, True), (16, False)]
SUMS = [
    (100, 50, 10, True),  # half of it is not more than half
    (100, 51, 10, False),  # one person is most of it
    (100, 48, 48, False),  # the second would know the largest to within 4
    (104.8, 48, 52, True),  # rest 4.8 = 10 % of 48
    (100, 48, 47.2, True),
    (100, 48, 47.3, False),
    (10, 10, "null", False),  # one person alone
    ("null", 1, 1, False),  # not known is not published
]
SHARES = [(84, 100, True), (85, 100, False), (99, 100, False), (100, 100, True), ("null", 9, False)]


def median_rule(people) -> str:
    return f"has_order_statistics_size('{people}')"


def sum_rule(total, largest, second) -> str:
    return f"is_not_dominated('{total}', '{largest}', '{second}')"


def share_rule(part, whole) -> str:
    return f"has_complement_size('{part}', '{whole}')"


@pytest.fixture(scope="module")
def verdicts(server, tmp_path_factory) -> dict[str, bool]:
    """What each rule says of each case, all in one query: dbt takes seconds to write one."""
    rules = [
        *(median_rule(*case[:-1]) for case in MEDIANS),
        *(sum_rule(*case[:-1]) for case in SUMS),
        *(share_rule(*case[:-1]) for case in SHARES),
    ]
    sql = f"select {', '.join(f'{{{{ {rule} }}}}' for rule in rules)}"
    [answers] = server.query(compiled(server, sql, tmp_path_factory.mktemp("landing")))
    return dict(zip(rules, answers, strict=True))


@pytest.mark.parametrize(("people", "enough"), MEDIANS)
def test_a_median_needs_ten_times_the_smallest_group(verdicts, people, enough):
    assert verdicts[median_rule(people)] is enough


@pytest.mark.parametrize(("total", "largest", "second", "passes"), SUMS)
def test_nobody_may_make_up_a_sum(verdicts, total, largest, second, passes):
    assert verdicts[sum_rule(total, largest, second)] is passes


@pytest.mark.parametrize(("part", "whole", "passes"), SHARES)
def test_the_other_side_of_a_share_is_a_group_too(verdicts, part, whole, passes):
    assert verdicts[share_rule(part, whole)] is passes


def test_a_last_digit_is_no_change_of_a_measure(server, tmp_path):
    """Each build adds the same numbers up in an order of its own."""
    sql = """
    select {{ other_measures(graph.nodes['model.throng.journeys_od']) }} as measures
    from values
        (7L, double(0.1) + double(0.2)),
        (7L, double(0.3)),
        (7L, double(0.300001)),
        (8L, double(0.3))
        as cells (n_journeys, mean_distance_km)
    cross join (select null as mean_at_least_minutes, 0.0D as mean_at_most_minutes)
    """
    before, again, other_mean, other_count = (
        measures for (measures,) in server.query(compiled(server, sql, tmp_path))
    )
    assert before == again
    assert len({before, other_mean, other_count}) == 3


CANDIDATE = """
select * from values
    ('fair', 100.0, 20.0, 20.0, 50, 100),
    ('heavy', 100.0, 60.0, 1.0, 50, 100),
    ('two', 100.0, 49.0, 49.0, 50, 100),
    ('nearly all', 100.0, 20.0, 20.0, 95, 100),
    ('all', 100.0, 20.0, 20.0, 100, 100),
    ('withheld', 100.0, 100.0, 0.0, 99, 100)
    as cells (area_id, volume, largest, second_largest, n_part, n_whole)
"""
MART = """
select area_id, 1.0 as {measure}, area_id = 'withheld' as is_suppressed
from {{{{ ref('int_rules_candidate') }}}}
"""
TESTS = """
models:
  - name: int_rules_candidate
    description: "Grain: one row per area."
  - name: int_rules_mart
    description: "Grain: one row per area."
    data_tests:
      - dominance:
          name: rules_dominance
          arguments:
            candidate: ref('int_rules_candidate')
            keys: [area_id]
            total: volume
            largest: largest
            second_largest: second_largest
      - complement_share:
          name: rules_complement_share
          arguments:
            candidate: ref('int_rules_candidate')
            keys: [area_id]
            part: n_part
            whole: n_whole
      - no_extremes:
          name: rules_no_extremes
          arguments:
            order_statistics: [median_stay_h]
"""


@pytest.mark.parametrize(
    ("measure", "extremes"),
    [("max_stay_h", 1), ("median_stay_h", 0), ("stay_median_h", 1), ("mean_stay_h", 0)],
)
def test_the_generic_tests_find_what_they_are_for(server, tmp_path, measure, extremes):
    project = copy_project(tmp_path)
    folder = project / "models/intermediate/rules"
    folder.mkdir()
    (folder / "int_rules_candidate.sql").write_text(CANDIDATE)
    (folder / "int_rules_mart.sql").write_text(MART.format(measure=measure))
    (folder / "_rules__models.yml").write_text(TESTS)
    # Hooks look at a landing folder; nothing here does.
    settings = project / "dbt_project.yml"
    text = settings.read_text()
    settings.write_text(re.sub(r"(?ms)^on-run-start:.*?(?=^models:)", "", text))
    select = ["--select", "int_rules_candidate", "int_rules_mart"]
    done = server.dbt("build", *select, landing=tmp_path, project=project)
    for table in ("int_rules_candidate", "int_rules_mart"):
        server.query(f"drop table protected.{table}")  # of no model: other tests count the tables
    found = {name: int(n) for n, name in re.findall(r"FAIL (\d+) (rules_\w+)", done.stdout)}
    expected = {"rules_dominance": 2, "rules_complement_share": 1, "rules_no_extremes": extremes}
    assert found == {name: n for name, n in expected.items() if n}, done.stdout
