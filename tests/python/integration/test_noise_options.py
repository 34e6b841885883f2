"""The options that blur: what they cost, change and leave, and what their noise is."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from tests.python.conftest import PROJECT, WITHOUT_UNIT_TESTS, Server, run_throng
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import STUDY
from tests.python.support.inline import compiled

# Built again under each option.
pytestmark = pytest.mark.long

DP = {"noise_mechanism": "dp_laplace", "dp_epsilon": 0.5, "dp_max_areas": 3}
DP_DAY_MARTS = {"count_subscribers", "count_visits_home_away"}
KEYS = reference.KEYS


@dataclass
class Gate:
    """The tables of the gate, built with an option."""

    server: Server
    landing: object
    tables: dict[str, dict] = field(default_factory=dict)

    def build(self, *marts: str, **dbt_vars) -> dict[str, dict]:
        names = marts or tuple(KEYS)
        select = ["int_withheld_cells", *names]
        done = self.server.dbt(
            "run", "--select", *select, landing=self.landing, **{**STUDY, **dbt_vars}
        )
        assert done.returncode == 0, done.stdout
        return {mart: self.read(mart) for mart in names}

    def read(self, mart: str, schema: str = "protected.release_") -> dict:
        """Key -> numbers; null where withheld."""
        numbers = ["n_subscribers"] + (["n_events"] if mart == "count_events" else [])
        rows = self.server.query(f"select {', '.join([*KEYS[mart], *numbers])} from {schema}{mart}")
        width = len(KEYS[mart])
        return {row[:width]: row[width:] for row in rows}


@pytest.fixture(scope="module")
def gate(server, tmp_path_factory):
    landing = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(landing)
    # With its tests: `throng release costs` asks what the last whole build has recorded.
    done = server.dbt("build", *WITHOUT_UNIT_TESTS, landing=landing, **STUDY)
    assert done.returncode == 0, done.stdout
    return Gate(server, landing)


@pytest.fixture(scope="module")
def exact(gate):
    return {mart: gate.read(mart) for mart in KEYS}


@pytest.fixture(scope="module")
def with_cell_key(gate, exact):
    return gate.build(noise_mechanism="cell_key")


@pytest.fixture(scope="module")
def with_dp(gate, exact):
    return gate.build(**DP)


def test_costs_are_counted_and_the_release_is_as_before(gate, exact, tmp_path):
    """`throng release costs`, which builds with each option and then as it was."""
    mart = "count_residents"
    release = f"select * from protected.release_{mart}"
    before = set(gate.server.query(release))
    files = ["--csv", str(tmp_path / "costs.csv"), "--chart", str(tmp_path / "costs.svg")]
    done = run_throng(
        *["release", "costs", "--sizes", "5", "--options", "--vars", json.dumps(STUDY), *files],
        env=gate.server.env_over(gate.landing),
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    assert "min_group_size 5: " in done.stderr
    assert set(gate.server.query(release)) == before
    counted = gate.server.query(
        "select area_level, count(*), sum(n_subscribers), count_if(n_subscribers < 5) "
        f"from protected.candidate_{mart} group by area_level"
    )
    with (tmp_path / "costs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mart"] == mart]
    names = ("level", "cells", "people", "small_cells")
    found = {
        setting: sorted(tuple(row[n] for n in names) for row in rows if row["setting"] == setting)
        for setting in ("5", "round", "key", "dp")
    }
    assert found["5"] == sorted(tuple(str(value) for value in row) for row in counted)
    # Rounding and cell keys withhold the same; every option blurs, suppression does not.
    assert found["round"] == found["key"]
    error = dict.fromkeys(found, 0)
    for row in rows:
        error[row["setting"]] += int(row["error"])
    assert error["5"] == 0
    assert min(error["round"], error["key"], error["dp"]) > 0
    assert (tmp_path / "costs.svg").read_text().startswith("<svg")


def published(table: dict) -> dict:
    return {key: numbers for key, numbers in table.items() if numbers[0] is not None}


def noise(blurred: dict, exact: dict) -> dict:
    """Published less exact, by key."""
    return {
        key: tuple(np.subtract(numbers, exact[key]).tolist())
        for key, numbers in published(blurred).items()
    }


def test_rounding_comes_after_suppression(gate, exact):
    rounded = gate.build(rounding_base=10)
    assert published(rounded["count_events"])
    for mart, table in rounded.items():
        assert published(table).keys() == published(exact[mart]).keys(), mart
        for key, numbers in published(table).items():
            for number, counted in zip(numbers, exact[mart][key], strict=True):
                assert number == (counted + 5) // 10 * 10, (mart, key)


def test_the_cell_key_leaves_what_is_withheld_and_adds_at_most_five(with_cell_key, exact):
    for mart, table in with_cell_key.items():
        added = noise(table, exact[mart])
        assert added.keys() == published(exact[mart]).keys()
        for numbers in added.values():
            assert len(set(numbers)) == 1, "all numbers of a row have the same noise"
            assert abs(numbers[0]) <= 5


def test_the_cell_key_is_the_table_of_the_seed(gate, with_cell_key, exact):
    with (PROJECT / "seeds/cell_key_noise.csv").open() as file:
        steps = [
            (float(row["upper_probability"]), int(row["noise"])) for row in csv.DictReader(file)
        ]
    mart = "count_subscribers"
    keys = {
        row[:-1]: row[-1]
        for row in gate.server.query(
            f"select {', '.join(KEYS[mart])}, people_key from protected.candidate_{mart}"
        )
    }
    for key, (added,) in noise(with_cell_key[mart], exact[mart]).items():
        draw = keys[key] % 2**32 / 2**32
        assert added == next(step for upper, step in steps if draw < upper)


def test_the_same_people_have_the_same_noise_in_two_marts(with_cell_key, exact):
    present = noise(with_cell_key["count_subscribers"], exact["count_subscribers"])
    pairs = noise(
        with_cell_key["od_matrix_directed_all_pairs"], exact["od_matrix_directed_all_pairs"]
    )
    compared = Counter()
    for (period, start, level, origin, destination), added in pairs.items():
        if origin == destination:
            assert added == present[period, start, level, origin]
            compared[added] += 1
    assert len(compared) > 3


def test_the_noise_of_the_cell_key_is_zero_on_average(gate, with_cell_key, exact):
    """Over different sets of people; the same set has one draw, however often it is seen."""
    draws = {}
    for mart, table in with_cell_key.items():
        rows = gate.server.query(
            f"select {', '.join(KEYS[mart])}, people_key from protected.candidate_{mart}"
        )
        keys = {row[:-1]: row[-1] for row in rows}
        for key, added in noise(table, exact[mart]).items():
            draws[keys[key]] = added[0]
    values = np.array(list(draws.values()))
    assert len(values) > 100
    assert abs(values.mean()) < 4 * math.sqrt(3.814 / len(values))
    assert 3.814 / 2 < values.var() < 3.814 * 2


def test_five_builds_do_not_average_the_cell_key_away(gate, with_cell_key):
    again = gate.build("count_subscribers", noise_mechanism="cell_key")
    assert again["count_subscribers"] == with_cell_key["count_subscribers"]
    [path] = gate.server.folder.glob("target/compiled/**/marts/presence/count_subscribers.sql")
    sql = path.read_text()
    tables = [sorted(gate.server.query(sql), key=str) for _ in range(5)]
    assert all(table == tables[0] for table in tables)


def laplace_pmf(value, epsilon: float, sensitivity: int):
    alpha = math.exp(-epsilon / sensitivity)
    return (1 - alpha) / (1 + alpha) * alpha ** np.abs(value)


@pytest.mark.parametrize(("epsilon", "sensitivity"), [(1.0, 1), (0.5, 3)])
def test_the_noise_is_discrete_laplace(gate, epsilon, sensitivity):
    sql = (
        "select {{ discrete_laplace(keyed_bits('id', 'date\\'2020-01-01\\''), "
        + str(sensitivity)
        + ") }} as noise from range(20000)"
    )
    sql = compiled(gate.server, sql, gate.landing, **{**STUDY, **DP, "dp_epsilon": epsilon})
    draws = np.array([value for (value,) in gate.server.query(sql)])
    alpha = math.exp(-epsilon / sensitivity)
    variance = 2 * alpha / (1 - alpha) ** 2
    assert abs(draws.var() / variance - 1) < 0.1
    assert abs(draws.mean()) < 4 * math.sqrt(variance / len(draws))
    # Every value that 10 draws or more are expected of, and the two tails.
    edge = next(v for v in range(200) if len(draws) * laplace_pmf(v, epsilon, sensitivity) < 10)
    inner = np.arange(-edge + 1, edge)
    expected = len(draws) * laplace_pmf(inner, epsilon, sensitivity)
    tail = (len(draws) - expected.sum()) / 2
    seen = [int((draws == value).sum()) for value in inner]
    seen = [int((draws < inner[0]).sum()), *seen, int((draws > inner[-1]).sum())]
    assert stats.chisquare(seen, [tail, *expected, tail]).pvalue > 1e-4


def test_other_people_or_another_number_draw_afresh(gate):
    mart = "graph.nodes['model.throng.total_subscribers'].config.meta"
    judged = f"{{{{ count_to_judge('total_subscribers', {mart}) }}}}"
    sql = f"""
        select cells.id, candidates.n_subscribers, candidates.people_key,
            {judged} - candidates.n_subscribers as noise
        from (
            select id, 'day' as period, timestampadd(day, id, timestamp'2020-01-01') as period_start
            from range(500)
        ) as cells
        cross join (
            select * from values (100, 1), (100, 2), (101, 1)
                as people (n_subscribers, people_key)
        ) as candidates
    """
    sql = compiled(gate.server, sql, gate.landing, **{**STUDY, **DP})
    first, second = (
        {row[:3]: row[3] for row in gate.server.query(sql)},
        {row[:3]: row[3] for row in gate.server.query(sql)},
    )
    assert first == second
    series = [
        np.array([first[day, *people] for day in range(500)])
        for people in ((100, 1), (100, 2), (101, 1))
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        correlation = np.corrcoef(series[one], series[other])[0, 1]
        assert abs(correlation) < 4 / math.sqrt(500)


def test_a_rebuild_draws_the_same(gate, with_dp):
    again = gate.build("total_subscribers", "count_subscribers", **DP)
    for mart, table in again.items():
        assert table == with_dp[mart]


def true_count(gate, with_dp, mart: str) -> dict:
    """What the noise was added to, for every cell that may be released under it."""
    source = f"{{{{ ref(contributions_to('{mart}')) }}}}"
    sql = f"select {', '.join(KEYS[mart])}, n_subscribers from {source}"
    counted = {
        row[:-1]: row[-1]
        for row in gate.server.query(compiled(gate.server, sql, gate.landing, **{**STUDY, **DP}))
    }
    return {
        key: counted.get(key, 0)
        for key in with_dp[mart]
        if mart not in DP_DAY_MARTS or key[0] == "day"
    }


@pytest.mark.parametrize("mart", ["count_visits_home_away", "count_subscribers"])
def test_every_cell_gets_noise_the_empty_ones_too(gate, with_dp, mart):
    """As many cells are published as the noise alone lets pass, and by noise alone."""
    counted = true_count(gate, with_dp, mart)
    alpha = math.exp(-DP["dp_epsilon"] / DP["dp_max_areas"])
    chances = []
    for n in counted.values():
        need = 16 - n
        above = alpha**need / (1 + alpha) if need > 0 else 1 - alpha ** (1 - need) / (1 + alpha)
        chances.append(above)
    expected = sum(chances)
    deviation = math.sqrt(sum(chance * (1 - chance) for chance in chances))
    shown = {key for key in counted if with_dp[mart][key][0] is not None}
    assert abs(len(shown) - expected) < 4 * deviation + 1
    if mart == "count_visits_home_away":
        assert any(counted[key] == 0 for key in shown), "no empty cell came through"
    assert all(with_dp[mart][key][0] >= 16 for key in shown)


def test_nobody_counts_in_more_areas_than_allowed(gate):
    largest = (
        "select max(n_areas) from (select count(*) as n_areas from {} "
        "group by subscriber_id, event_date, area_level) as days"
    )
    bounded = largest.format("{{ ref('int_bounded_visits') }}")
    [(most,)] = gate.server.query(largest.format("protected.int_area_visits"))
    assert most > 1
    for areas in (1, 2):
        options = {**STUDY, **DP, "dp_max_areas": areas}
        [(found,)] = gate.server.query(compiled(gate.server, bounded, gate.landing, **options))
        assert found == min(areas, most)


def test_what_is_not_bounded_is_withheld_completely(with_dp):
    for mart in (
        "count_events",
        "od_matrix_directed_all_pairs",
        "od_matrix_directed_consecutive_pairs",
        "od_matrix_undirected_all_pairs",
        "count_stops",
        "stay_durations",
        "day_rhythm",
        "journeys_od",
        "journeys_by_hour",
        "trip_distances",
        "distance_travelled",
        "count_active_residents",
        "od_matrix_directed_between_days",
        "stay_times_od",
        "arrivals_departures",
        "day_locations",
    ):
        assert with_dp[mart] and not published(with_dp[mart])
    shown = {key[0] for key in published(with_dp["count_subscribers"])}
    assert shown == {"day"}
    assert published(with_dp["total_subscribers"])


def test_habits_are_withheld_completely(gate, with_dp):
    """Nothing bounds what one person adds to them. No option changes them before this test."""
    tables = ["profile_summary", "profile_segments"]
    count = "select count(*), count_if(not is_suppressed) from protected.release_{}"

    def counted() -> dict[str, tuple[int, int]]:
        return {table: gate.server.query(count.format(table))[0] for table in tables}

    before = counted()
    assert all(shown > 0 for _, shown in before.values())
    options = {**STUDY, **DP}
    done = gate.server.dbt("run", "--select", *tables, landing=gate.landing, **options)
    assert done.returncode == 0, done.stdout
    assert counted() == {table: (cells, 0) for table, (cells, _) in before.items()}


def test_the_ledger_says_what_was_done(gate, with_dp):
    settings = compiled(gate.server, "{{ release_settings_sql('1') }}", gate.landing, **STUDY, **DP)
    columns = "mechanism, epsilon, n_area_levels, rounding_base"
    [row] = gate.server.query(f"select {columns} from ({settings}) as settings")
    [(n_levels,)] = gate.server.query(
        "select count(distinct area_level) from protected.int_area_list"
    )
    assert row == ("dp_laplace", 0.5, n_levels, 0)
    spent = """
        select plan.mart, plan.period, {{ epsilon_spent('plan.mart', 'plan.period', 'settings') }}
        from values
            ('count_subscribers', 'day'), ('count_subscribers', 'week'),
            ('total_subscribers', 'week'), ('count_events', 'day') as plan (mart, period)
        cross join (select double(0.5) as epsilon, 2 as n_area_levels) as settings
    """
    rows = gate.server.query(compiled(gate.server, spent, gate.landing, **STUDY, **DP))
    assert {row[:2]: row[2] for row in rows} == {
        ("count_subscribers", "day"): 1.0,
        ("count_subscribers", "week"): 0.0,
        ("total_subscribers", "week"): 0.5,
        ("count_events", "day"): 0.0,
    }
    for options, expected in (
        ({}, ("threshold", None, 0)),
        ({"noise_mechanism": "cell_key", "rounding_base": 5}, ("cell_key", None, 5)),
    ):
        sql = "{{ release_settings_sql('1') }}"
        settings = compiled(gate.server, sql, gate.landing, **STUDY, **options)
        found = gate.server.query(
            f"select mechanism, epsilon, rounding_base from ({settings}) as settings"
        )
        assert found == [expected]
