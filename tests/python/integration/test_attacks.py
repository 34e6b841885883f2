"""The attacks of the literature on a synthetic country: with the threshold alone, and as released.

What is attacked as released are the tables protected.release_*, of which publish makes copies, less
what `throng release audit` would withhold of them, found in memory here. Each test prints a line
with its figures (pytest -rP); those of docs/privacy_attacks.md are from here. They differ a little
from run to run: which cell is withheld for another depends on the key.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.optimize import linear_sum_assignment

from tests.python.support.inline import compiled
from tests.python.support.reference import KEYS
from throng.disclosure.audit import FAILED, Audit, audit
from throng.disclosure.consequences import Consequences
from throng.disclosure.discovery import broken_relations, find_relations, lookup_tables
from throng.disclosure.relations import OPTIONAL, REQUIRED, parse_relations
from throng.disclosure.repair import repair
from throng.release.attack import lookups
from throng.release.search import read_candidate, read_shapes
from throng.release.warehouse import Warehouse
from throng.synth.generator import generate
from throng.synth.settings import Settings

# A country of its own, built and attacked in many ways.
pytestmark = pytest.mark.long

K = 16
SUBSCRIBERS = 1200
DAYS = {"study_start": "2020-02-03", "study_end": "2020-02-09"}
FINEST = "admin3"
A_DAY = "2020-02-05"
HOURS = range(24)
COUNTS = ("n_subscribers", "n_events", "n_stops", "n_journeys", "n_interactions")
AREA = ["period", "period_start", "area_level", "area_id"]
TABLES = {
    **KEYS,
    "profile_summary": [*AREA, "indicator", "interaction", "part_of_week", "part_of_day"],
    "profile_segments": [*AREA, "segment", "indicator"],
    "contact_matrix": ["period", "period_start", "area_level", "from_area_id", "to_area_id"],
}


@pytest.fixture(scope="module")
def country(server, tmp_path_factory):
    """The tables of a small country; that they pass their tests is tested elsewhere."""
    landing = tmp_path_factory.mktemp("attacks") / "landing"
    settings = Settings(SUBSCRIBERS, date(2020, 2, 3), days=7, seed=7, areas=(4, 8, 24))
    generate(settings, landing, landing.parent / "truth")
    server.build_untested(landing, **DAYS)
    declared = compiled(server, "{{ disclosure_relations_sql() }}", landing, **DAYS)
    columns = compiled(server, "{{ mart_columns_sql() }}", landing, **DAYS)
    server.query("drop table if exists protected.mart_columns")
    server.query(f"create table protected.mart_columns using parquet as {columns}")
    connection = server.connect()
    with contextlib.closing(connection):
        yield Country(Warehouse(connection), declared)


class Country:
    """What could be published of each mart, in two ways, and the lookup that everybody has."""

    def __init__(self, warehouse: Warehouse, declared: str):
        self.warehouse = warehouse
        columns = [*REQUIRED, *OPTIONAL]
        rows = warehouse.query(f"select {', '.join(columns)} from ({declared})")
        self.relations = parse_relations(dict(zip(columns, row, strict=True)) for row in rows)
        self.lookups = lookups(warehouse)
        self.with_threshold: dict[str, pa.Table] = {}
        draft = {}
        for mart, keys in TABLES.items():
            named = (pair for relation in self.relations for pair in relation.measures)
            measures = {measure for name, measure in named if name == mart}
            counts = [n for n in COUNTS if n == "n_subscribers" or n in measures]
            draft[mart] = warehouse.frame(f"protected.release_{mart}", [*keys, *counts])
            candidate = warehouse.frame(f"protected.candidate_{mart}", [*keys, *counts])
            self.with_threshold[mart] = with_threshold(draft[mart], candidate, keys, counts)
        tables = {**draft, **self.lookups}
        self.repair = repair(tables, self.relations, K, skip_missing=True)
        hidden = self.repair.cells.groupby("table")["row"].agg(list)
        self.released = {mart: without(draft[mart], hidden.get(mart, [])) for mart in draft}


def without(table: pa.Table, rows: list[int]) -> pa.Table:
    """A table with no numbers in these rows."""
    is_hidden = np.zeros(len(table), bool)
    is_hidden[rows] = True
    for count in set(COUNTS) & set(table.column_names):
        kept = pc.if_else(pa.array(is_hidden), pa.scalar(None, pa.int64()), table[count])
        table = table.set_column(table.column_names.index(count), count, kept)
    return table


def with_threshold(released, candidate, keys, counts) -> pa.Table:
    """The rows of a release with the numbers of every cell of K people or more."""
    same = " and ".join(f"released.{key} is not distinct from candidate.{key}" for key in keys)
    numbers = [
        f"case when candidate.n_subscribers >= {K} then candidate.{n} end as {n}" for n in counts
    ]
    columns = ", ".join([*(f"released.{key}" for key in keys), *numbers])
    with duckdb.connect() as connection:
        connection.register("released", released)
        connection.register("candidate", candidate)
        sql = f"select {columns} from released left join candidate on {same}"
        return connection.sql(sql).to_arrow_table()


def attacked(country: Country, tables: dict[str, pa.Table], *relation_ids: str) -> Audit:
    """The audit of these relations alone."""
    relations = [relation for relation in country.relations if relation.relation_id in relation_ids]
    assert len(relations) == len(relation_ids)
    names = {name for relation in relations for name in relation.tables}
    wanted = {name: tables[name] for name in names - set(country.lookups)}
    # Here all days are of the reference period, so no row is of those after it.
    return audit({**wanted, **country.lookups}, relations, K, skip_missing=True, workers=1)


def found(audited: Audit) -> tuple[int, int]:
    """Cells worked out, and cells bounded to less than K wide."""
    verdicts = audited.cells["verdict"].value_counts()
    return tuple(int(verdicts.get(verdict, 0)) for verdict in FAILED)


def compare(country: Country, name: str, *relation_ids: str) -> None:
    """With the threshold alone the attack finds cells, as released it finds none."""
    before = found(attacked(country, country.with_threshold, *relation_ids))
    after = found(attacked(country, country.released, *relation_ids))
    print(
        f"{name}: threshold alone {before[0]} cells worked out and {before[1]} too narrow, "
        f"as released {after[0]} and {after[1]}"
    )
    assert sum(before) > 0
    assert sum(after) == 0


def test_parents_less_their_published_children(country):
    compare(country, "differencing, areas", "count_events_n_events_areas")
    compare(country, "differencing, hours", "count_events_n_events_hours_of_day")


def test_linked_tables_add_up(country):
    compare(country, "linked tables, visits and presence", "visits_presence")
    compare(country, "linked tables, at home and only at home", "home_only_visits")


def test_residents_less_what_most_of_them_do(country):
    compare(country, "linked tables, residents and their day", "rhythm_residents")
    compare(country, "differencing, stops of areas", "count_stops_n_stops_areas")


def test_levels_that_hold_the_same_people(country):
    """What the first release of the demo gave away: everybody lives in one area of each level."""
    compare(country, "equal levels, segments", "profile_segments_n_subscribers_levels")
    compare(country, "equal levels, hours of the day", "day_rhythm_n_subscribers_levels")


def test_what_is_declared_is_found_without_being_declared(country):
    """Every declared sum follows from the sums that the search finds in the data by itself."""
    shapes = read_shapes(country.warehouse)
    tables = {shape.name: read_candidate(country.warehouse, shape) for shape in shapes}
    tables |= country.lookups
    assert broken_relations(tables, country.relations) == []
    found = [one.relation for one in find_relations(tables, shapes, []) if one.is_count]
    counts = {(shape.name, count) for shape in shapes for count in shape.counts}
    sums = [
        relation
        for relation in country.relations
        if relation.relation_type in ("sum", "same_sum") and set(relation.measures) <= counts
    ]
    assert len(sums) >= 15
    everything = {**tables, **lookup_tables(tables, shapes)}
    follows = Consequences(everything, found, sums).judge(print)
    # These are of one week and of one study: fewer than the five keys that a search asks for.
    assert {name for name, is_so in follows.items() if not is_so} == {
        "contact_matrix_n_interactions_levels",
        "residents_total",
        "profile_segments_n_subscribers_levels",
    }


def test_all_tables_and_relations_at_once(country):
    """What the rules of SQL leave, the audit finds and withholds.

    With the threshold alone only sums are used, which is enough: all relations take minutes.
    """
    sums = [
        r.relation_id
        for r in country.relations
        if r.relation_type in ("sum", "sum_with_rest", "same_sum")
    ]
    before = found(attacked(country, country.with_threshold, *sums))
    ruled, after = found(country.repair.before), found(country.repair.audit)
    print(
        f"all relations: threshold alone {before[0]} cells worked out and {before[1]} too narrow "
        f"(sums only), after the rules {ruled[0]} and {ruled[1]}, with "
        f"{len(country.repair.cells)} more rows withheld by the audit {after[0]} and {after[1]}"
    )
    assert sum(before) > 0
    assert sum(ruled) < sum(before) / 10
    assert sum(after) == 0


def late_people(first: pa.Table, area_parents: pa.Table, people: int) -> tuple[pa.Table, int]:
    """The table of presence after people not seen before have come to one area; rows changed."""
    second = first.to_pandas()
    rows = second["area_level"].eq(FINEST) & second["period"].eq("hour")
    area = second[rows & second["n_subscribers"].notna()].iloc[0]
    parents = area_parents.to_pandas().query("area_level == @FINEST and area_id == @area.area_id")
    around = {(FINEST, area["area_id"])}
    around |= set(zip(parents["parent_level"], parents["parent_area_id"], strict=True))
    starts = {
        ("hour", area["period_start"]),
        ("day", area["period_start"].normalize()),
        ("week", pd.Timestamp("2020-02-03")),
        ("month", pd.Timestamp("2020-02-01")),
    }
    there = pd.Series(zip(second["area_level"], second["area_id"], strict=True)).isin(around)
    then = pd.Series(zip(second["period"], second["period_start"], strict=True)).isin(starts)
    changed = (there & then).to_numpy()
    second.loc[changed, "n_subscribers"] += people
    second["n_subscribers"] = second["n_subscribers"].astype("Int64")
    return pa.Table.from_pandas(second, preserve_index=False), int(changed.sum())


def test_a_table_published_again_less_the_table_before(country):
    """The difference is who came in between. A few wait (test_release.py): r2 is not published."""
    keys = "; ".join(KEYS["count_subscribers"])
    line = {"relation_id": "late", "relation_type": "sum_with_rest", "parent": "r2", "child": "r1"}
    counts = {"parent_measure": "n_subscribers", "child_measure": "n_subscribers"}
    relations = parse_relations([{**line, **counts, "keys": keys}])
    r1 = country.released["count_subscribers"]
    narrow = {}
    for people in (3, 20):
        r2, n_changed = late_people(r1, country.lookups["area_parents"], people)
        late = audit({"r1": r1, "r2": r2}, relations, K).failing()
        assert (late["lower"] == people).all()
        assert (late["upper"] == people).all()
        narrow[people] = len(late)
    print(
        f"re-publication: 3 late people change {n_changed} numbers, and {narrow[3]} differences "
        f"are 3: they wait. Of 20 late people, a revision, {narrow[20]} are below {K}"
    )
    assert narrow[3] > 0
    assert narrow[20] == 0


# --- trajectories from hourly counts (Xu et al. 2017)


def hourly(table: pa.Table, areas: dict[str, int]) -> np.ndarray:
    """People by hour of A_DAY and area of the finest level; what is withheld is 0."""
    rows = table.to_pandas()
    rows = rows[(rows["period"] == "hour") & (rows["area_level"] == FINEST)]
    rows = rows[rows["period_start"].dt.strftime("%Y-%m-%d") == A_DAY]
    counts = np.zeros((len(HOURS), len(areas)), int)
    places = rows["area_id"].map(areas).to_numpy()
    counts[rows["period_start"].dt.hour.to_numpy(), places] = rows["n_subscribers"].fillna(0)
    return counts


def trajectories(counts: np.ndarray, cost: np.ndarray | None, rng) -> np.ndarray:
    """One area per person and hour (-1: not seen), from numbers of people by hour and area.

    The next hour's places go to the people whose last places are nearest in sum; to anybody, where
    there is no cost.
    """
    n_people = SUBSCRIBERS
    found = np.full((n_people, len(HOURS)), -1)
    last = np.full(n_people, -1)
    for hour in HOURS:
        slots = np.repeat(np.arange(counts.shape[1]), counts[hour])
        if cost is None:
            who, slot = rng.permutation(n_people)[: len(slots)], np.arange(len(slots))
        else:
            unknown = np.full(counts.shape[1], np.median(cost))
            by_area = np.vstack([cost, unknown])[last]  # the last row for those not seen yet
            who, slot = linear_sum_assignment(by_area[:, slots])
        found[who, hour] = last[who] = slots[slot]
    return found


def right(found: np.ndarray, truth: np.ndarray) -> float:
    """Share of the true (person, hour) points in the trajectory that fits the person best.

    truth is True where a person was in an area in an hour; which trajectory is whose is chosen in
    the attacker's favour.
    """
    hits = np.zeros((len(truth), len(found)), int)
    for hour in HOURS:
        seen = found[:, hour] >= 0
        hits[:, seen] += truth[:, hour, found[seen, hour]]
    who, trajectory = linear_sum_assignment(hits, maximize=True)
    return hits[who, trajectory].sum() / truth.any(axis=2).sum()


def test_trajectories_from_hourly_counts(country):
    query = country.warehouse.query
    visits = query(
        "select subscriber_id, area_id, hours_seen from protected.int_area_visits "
        f"where area_level = '{FINEST}' and event_date = date'{A_DAY}'"
    )
    sites = query(
        "select area_id, avg(longitude), avg(latitude) from protected.int_cell_site_versions "
        "where area_id is not null group by area_id order by area_id"
    )
    areas = {area: number for number, (area, *_) in enumerate(sites)}
    places = np.array([place for _, *place in sites])
    distance = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    people = {who: number for number, who in enumerate(sorted({who for who, *_ in visits}))}
    truth = np.zeros((len(people), len(HOURS), len(areas)), bool)
    for who, area, hours_seen in visits:
        for hour in HOURS:
            truth[people[who], hour, areas[area]] |= bool(hours_seen >> hour & 1)
    exact = hourly(
        country.warehouse.frame(
            "protected.candidate_count_subscribers", [*KEYS["count_subscribers"], "n_subscribers"]
        ),
        areas,
    )
    assert exact.sum() == truth.sum()
    rng = np.random.default_rng(7)
    before = right(trajectories(exact, distance, rng), truth)
    chance = right(trajectories(exact, None, rng), truth)
    released = hourly(country.released["count_subscribers"], areas)
    after = right(trajectories(released, distance, rng), truth)
    chance_after = right(trajectories(released, None, rng), truth)
    print(
        f"trajectories of {len(people)} people, {A_DAY}, {len(areas)} areas: from exact hourly "
        f"counts {before:.1%} of the points right (by chance {chance:.1%}), as released "
        f"{after:.1%} (by chance {chance_after:.1%})"
    )
    assert before > chance
    assert after < before


# --- unicity of the protected layer (de Montjoye et al. 2013)


def test_four_points_single_out_most_people_of_the_protected_layer(country):
    """Pseudonymous events are personal data: why nobody but the pipeline reads them."""
    rows = country.warehouse.query(
        "select subscriber_id, cell_id, date_trunc('hour', event_at) "
        "from protected.int_events_located group by all"
    )
    points, people = defaultdict(list), defaultdict(set)
    for who, *point in sorted(rows):
        points[who].append(tuple(point))
        people[tuple(point)].add(who)
    rng = np.random.default_rng(7)
    known = {p: [len(points[who]) >= p for who in points] for p in (1, 2, 4)}
    shares = {}
    for p in known:
        unique = []
        for who, mine in points.items():
            if len(mine) >= p:
                drawn = rng.choice(len(mine), size=p, replace=False)
                unique.append(set.intersection(*(people[mine[i]] for i in drawn)) == {who})
        shares[p] = np.mean(unique)
    print(
        f"unicity: of {sum(known[4])} people with 4 points or more, {shares[4]:.1%} are the only "
        f"ones with 4 random points (cell, hour) of theirs; with 2 {shares[2]:.1%}, with 1 "
        f"{shares[1]:.1%}"
    )
    assert sum(known[4]) > 0.9 * SUBSCRIBERS
    assert shares[4] > 0.5
