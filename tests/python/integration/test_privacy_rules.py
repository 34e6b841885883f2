"""The rules for measures other than head counts, on rows made by hand."""

from __future__ import annotations

import json
import re

import pytest

from tests.python.conftest import change, copy_project
from tests.python.support.inline import compiled

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
select
    'study' as period,
    timestamp'2020-02-03' as period_start,
    cells.*,
    20L as n_subscribers,
    1L as people_key
from values
    ('fair', 100.0D, 20.0D, 20.0D, 50L, 100L, 20L, 0L),
    ('heavy', 100.0D, 60.0D, 1.0D, 50L, 100L, 20L, 0L),
    ('two', 100.0D, 49.0D, 49.0D, 50L, 100L, 20L, 0L),
    ('nearly all', 100.0D, 20.0D, 20.0D, 95L, 100L, 20L, 0L),
    ('all', 100.0D, 20.0D, 20.0D, 100L, 100L, 20L, 0L),
    ('withheld', 100.0D, 100.0D, 0.0D, 99L, 100L, 20L, 0L),
    ('few others', 100.0D, 20.0D, 20.0D, 50L, 100L, 3L, 0L),
    ('few left', 100.0D, 20.0D, 20.0D, 50L, 100L, 20L, 3L),
    ('many left', 100.0D, 20.0D, 20.0D, 50L, 100L, 20L, 16L)
    as cells (
        region, total_volume, largest_volume, second_largest_volume, n_part, n_whole, n_others,
        n_left
    )
"""
#: A mart that publishes what its rules forbid, since its select is not made by the macro `release`.
MART = """
{{%- set declaration %}}
keys: {{period: [study], region: value}}
also_head_counts: [n_others]
complements: [n_left]
measures:
  n_subscribers: {{rule: head_count}}
  mean_volume: {{rule: mean, of: n_subscribers, amounts: volume, withhold: cell}}
  share_of_whole: {{rule: share, part: n_part, of: n_whole}}
  {measure}: {{rule: mean, of: n_subscribers, where: 'true'}}
{{%- endset %}}
{{{{ config(materialized='released', meta=fromyaml(declaration)) }}}}
select
    period,
    period_start,
    region,
    case when region <> 'withheld' then n_subscribers end as n_subscribers,
    case when region <> 'withheld' then 1.0D end as mean_volume,
    case when region <> 'withheld' then 0.5D end as share_of_whole,
    case when region <> 'withheld' then 1.0D end as {measure},
    region = 'withheld' as is_suppressed,
    true as is_complete,
    concat_ws(char(31), 'tried', period, period_start, region) as table_cell
from {{{{ ref('candidate_tried') }}}}
"""
COLUMNS = {
    "period": "string",
    "period_start": "timestamp",
    "region": "string",
    "n_subscribers": "bigint",
    "mean_volume": "double",
    "share_of_whole": "double",
    "is_suppressed": "boolean",
    "is_complete": "boolean",
}


@pytest.mark.parametrize(
    ("measure", "named"),
    [
        pytest.param("max_stay_h", {"max_stay_h"}, marks=pytest.mark.long),
        pytest.param("median_stay_h", {"median_stay_h"}, marks=pytest.mark.long),
        pytest.param("mean_stay_h", set(), marks=pytest.mark.long),
        ("stay_maximum_h", {"stay_maximum_h"}),
    ],
)
def test_the_rules_of_a_release_find_what_they_are_for(server, tmp_path, measure, named):
    project = copy_project(tmp_path)
    folder = project / "models/marts/tried"
    folder.mkdir()
    (project / "models/candidates/candidate_tried.sql").write_text(CANDIDATE)
    (folder / "tried.sql").write_text(MART.format(measure=measure))
    names = [*COLUMNS]
    names.insert(-2, measure)
    columns = [{"name": n, "data_type": COLUMNS.get(n, "double")} for n in names]
    kinds = ("release_rules", "min_group_size")
    tests = [{kind: {"name": f"tried_{kind}"}} for kind in kinds]
    model = {"name": "tried", "data_tests": tests, "columns": columns}
    (folder / "tried.yml").write_text(json.dumps({"models": [model]}))
    cells = project / "models/disclosure/int_table_cells.sql"
    first = "{% set candidates = [\n"
    change(cells, first, first + "    ref('candidate_tried'),\n")
    # Hooks look at a landing folder; nothing here does.
    settings = project / "dbt_project.yml"
    text = settings.read_text()
    settings.write_text(re.sub(r"(?ms)^on-run-start:.*?(?=^models:)", "", text))
    made = make_what_is_read(server)
    # A hook would make it.
    released = ", ".join(f"{column['name']} {column['data_type']}" for column in columns)
    server.query(f"create table released.tried ({released}, release_id string) using parquet")
    done = server.dbt(
        "run", "--select", "candidate_tried", "tried", landing=tmp_path, project=project
    )
    assert done.returncode == 0, done.stdout
    rules, sizes = (compiled_test(server, project, tmp_path, kind) for kind in kinds)
    found = set(server.query(rules))
    too_few = {region for _, _, region, *_ in server.query(sizes)}
    # Of no model of the project: other tests count the tables.
    for name in ("protected.candidate_tried", "protected.release_tried", "released.tried", *made):
        server.query(f"drop table {name}")
    server.query("drop view marts.tried")
    place = "study; 2020-02-03 00:00:00; "
    assert found == {
        ("decision", place + "withheld"),
        ("dominance of mean_volume", place + "heavy"),
        ("dominance of mean_volume", place + "two"),
        ("complement of share_of_whole", place + "nearly all"),
        ("complement n_left", place + "few left"),
        *(("column_names", name) for name in named),
    }
    assert too_few == {"few others"}


def make_what_is_read(server) -> list[str]:
    """Empty tables in place of those that the rules read, where there has been no build yet."""
    made = []
    for table, columns in {
        "protected.int_withheld_cells": "table_cell string",
        "protected.int_area_list": "area_level string, area_id string",
        "released.ledger": "release_id string, mart string, period string, "
        "period_start timestamp, content_sha256 string",
    }.items():
        schema, name = table.split(".")
        server.query(f"create schema if not exists {schema}")
        if name not in {row[1] for row in server.query(f"show tables in {schema}")}:
            server.query(f"create table {table} ({columns}) using parquet")
            made.append(table)
    return made


def compiled_test(server, project, landing, kind: str) -> str:
    """The SQL of a test of the mart, as dbt makes it."""
    select = ["--select", f"tried_{kind}"]
    done = server.dbt("compile", *select, landing=landing, project=project)
    assert done.returncode == 0, done.stdout
    [path] = server.folder.glob(f"target/compiled/**/tried_{kind}.sql")
    return path.read_text()
