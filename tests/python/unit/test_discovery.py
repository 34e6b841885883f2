"""Sums that hold are found in the data, others are not, and what is found joins the attack."""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from throng.cli import app
from throng.disclosure.audit import audit
from throng.disclosure.building import build
from throng.disclosure.consequences import Consequences
from throng.disclosure.discovery import (
    TableShape,
    broken_relations,
    find_relations,
    lookup_tables,
    relation_line,
)
from throng.disclosure.relations import AuditError, parse_relations, read_relations
from throng.disclosure.repair import repair
from throng.disclosure.shapes import infer_shapes
from throng.disclosure.views import truncated

TIMES = {"period": "period", "period_start": "period_start"}
PLACE = {"area_level": "area_level"}
WEEKS = pd.date_range("2020-02-03", periods=6, freq="7D")
DAYS = pd.date_range("2020-02-03", periods=14)
ONE_AREA = TIMES | PLACE | {"area_id": "area"}
TWO_AREAS = TIMES | PLACE | {"from_area_id": "area", "to_area_id": "area"}
PARENTS = pd.DataFrame(
    [("admin2", f"B{i}", "admin1", f"A{i // 3}") for i in range(6)],
    columns=["area_level", "area_id", "parent_level", "parent_area_id"],
)


def arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def table(rows, measures=("n",), **keys):
    """Rows of an iterable, with columns named by `keys` (a list) and measures."""
    return arrow(pd.DataFrame(list(rows), columns=[*keys["keys"], *measures]))


def shape(name, keys, counts=("n",), **means):
    return TableShape(name, keys, counts, means)


def sums(found):
    return [one.relation for one in found if not one.explained]


def one_sum(tables, shapes, declared=(), **options):
    """The only relation that is found and not declared."""
    found = find_relations(tables, shapes, declared, **options)
    [relation] = sums(found)
    return relation


def numbers(seed):
    """An endless source of counts, too large to be equal by chance."""
    random = np.random.default_rng(seed)
    return lambda: int(random.integers(10**6, 10**9))


seeds = st.integers(0, 10**6)


# --- each kind of sum


def split_up(random, total, n):
    """A number as n others that add up to it."""
    cuts = sorted(random.integers(0, total + 1, n - 1).tolist())
    return np.diff([0, *cuts, total]).tolist()


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_same_total_on_every_level_is_found(seed):
    random = np.random.default_rng(seed)
    rows = []
    for week, band in itertools.product(WEEKS, [0, 2, 5]):
        total = int(random.integers(100, 10**6))
        for level, n in (("admin1", 2), ("admin2", 5)):
            parts = split_up(random, total, n)
            rows += [("week", week, level, f"{level}-{i}", band, p) for i, p in enumerate(parts)]
    keys = ONE_AREA | {"band": "value"}
    found = one_sum({"trips": table(rows, keys=keys)}, [shape("trips", keys)])
    assert (found.relation_type, found.split) == ("same_sum", ('"area_level"',))
    assert [key.parent_column for key in found.keys] == ["period", "period_start", "band"]


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_areas_that_add_up_to_the_area_around_them_are_found(seed):
    random = np.random.default_rng(seed)
    rows = []
    for week in WEEKS:
        small = [int(n) for n in random.integers(0, 10**6, 6)]
        rows += [("week", week, "admin2", f"B{i}", n) for i, n in enumerate(small) if n]
        large = [(i, sum(small[3 * i : 3 * i + 3])) for i in range(2)]
        rows += [("week", week, "admin1", f"A{i}", n) for i, n in large]
    tables = {"events": table(rows, keys=ONE_AREA), "area_parents": arrow(PARENTS)}
    shapes = [shape("events", ONE_AREA)]
    found = one_sum(tables, shapes)
    assert (found.relation_type, found.parent, found.via) == ("sum", "events", "area_parents")
    # By other names of the columns, with a lookup table of its own.
    keys = TIMES | {"tier": "area_level", "home": "area"}
    tables["events"] = tables["events"].rename_columns([*keys, "n"])
    shapes = [shape("events", keys)]
    found = one_sum(tables, shapes)
    assert found.via == "area_parents_of_tier_and_home"
    system = build(tables | lookup_tables(tables, shapes), [found])
    assert len(system.con_lower) == len(WEEKS) * 2


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_pairs_of_areas_add_up_to_the_pairs_around_them(seed):
    random = np.random.default_rng(seed)
    rows = []
    for week in WEEKS[:3]:
        flows = random.integers(0, 10**6, (6, 6))
        for i, j in np.ndindex(6, 6):
            rows.append(("week", week, "admin2", f"B{i}", f"B{j}", int(flows[i, j])))
        for i, j in np.ndindex(2, 2):
            n = int(flows[3 * i : 3 * i + 3, 3 * j : 3 * j + 3].sum())
            rows.append(("week", week, "admin1", f"A{i}", f"A{j}", n))
    tables = {"journeys": table(rows, keys=TWO_AREAS), "area_parents": arrow(PARENTS)}
    shapes = [shape("journeys", TWO_AREAS)]
    found = one_sum(tables, shapes)
    assert found.via == "area_pair_parents"
    assert [key.child_expression for key in found.keys[2:]] == [
        "parent_level",
        "parent_from_area_id",
        "parent_to_area_id",
    ]
    system = build(tables | lookup_tables(tables, shapes), [found])
    assert len(system.con_lower) == 3 * 4


@settings(max_examples=8, deadline=None)
@given(seeds, st.sampled_from(["day", "week", "month"]))
def test_shorter_periods_that_add_up_to_longer_ones_are_found(seed, longer):
    random = np.random.default_rng(seed)
    shorter = {"day": "hour", "week": "day", "month": "day"}[longer]
    starts = pd.date_range("2020-01-01", periods=90, freq="h" if longer == "day" else "D")
    frame = pd.DataFrame(
        [
            (shorter, start, "admin1", f"A{i}", int(random.integers(0, 10**6)))
            for start in starts
            for i in range(3)
        ],
        columns=[*ONE_AREA, "n"],
    )
    sums_of = frame.assign(
        period=longer,
        period_start=[
            pd.Timestamp(truncated(np.array([s.value // 1000]), longer, None)[0], unit="us")
            for s in frame["period_start"]
        ],
    ).groupby(list(ONE_AREA), as_index=False)
    tables = {"events": arrow(pd.concat([frame, sums_of["n"].sum()]))}
    found = one_sum(tables, [shape("events", ONE_AREA)])
    assert f"date_trunc('{longer}', \"period_start\")" in [k.child_expression for k in found.keys]
    assert (found.parent_where, found.child_where) == (
        f"period = '{longer}'",
        f"period = '{shorter}'",
    )
    assert len(build(tables, [found]).con_lower) == len(sums_of)


@settings(max_examples=8, deadline=None)
@given(seeds, st.sampled_from(["diagonal", "from", "to", "off diagonal", "one value"]))
def test_a_part_of_one_table_that_is_the_sum_of_another_is_found(seed, which):
    random = np.random.default_rng(seed)
    places, cells = [], []
    keys = TWO_AREAS | {"kind": "value"}
    for day in DAYS[:4]:
        flows = random.integers(1, 10**6, (4, 4, 3))
        parts = {
            "diagonal": flows.sum(axis=2).diagonal(),
            "from": flows.sum(axis=(1, 2)),
            "to": flows.sum(axis=(0, 2)),
            "off diagonal": flows.sum(axis=(1, 2)) - flows.sum(axis=2).diagonal(),
            "one value": flows[:, :, 1].sum(axis=0),
        }
        for i, n in enumerate(parts[which]):
            places.append(("day", day, "admin1", f"A{i}", int(n)))
        for i, j, k in np.ndindex(*flows.shape):
            cell = ("day", day, "admin1", f"A{i}", f"A{j}", "abc"[k], int(flows[i, j, k]))
            cells.append(cell)
    tables = {"places": table(places, keys=ONE_AREA), "flows": table(cells, keys=keys)}
    shapes = [shape("places", ONE_AREA), shape("flows", keys)]
    found = one_sum(tables, shapes)
    conditions = {
        "diagonal": ("from_area_id = to_area_id", "from_area_id"),
        "from": ("", "from_area_id"),
        "to": ("", "to_area_id"),
        "off diagonal": ("from_area_id <> to_area_id", "from_area_id"),
        "one value": ("kind = 'b'", "to_area_id"),
    }
    assert (found.child_where, found.keys[-1].child_expression.strip('"')) == conditions[which]
    assert (found.parent, found.child) == ("places", "flows")
    assert len(build(tables, [found]).con_lower) == len(places)


def test_the_same_sum_for_every_value_of_a_column_is_one_relation():
    random = np.random.default_rng(1)
    places, cells = [], []
    keys = ONE_AREA | {"hour": "value", "activity": "value"}
    for week, i in itertools.product(WEEKS, range(3)):
        total = int(random.integers(100, 10**6))
        places.append(("week", week, "admin1", f"A{i}", total))
        for hour in range(4):
            parts = split_up(random, total, 2)
            cells += [
                ("week", week, "admin1", f"A{i}", hour, a, p)
                for a, p in zip("xy", parts, strict=True)
            ]
    tables = {"residents": table(places, keys=ONE_AREA), "rhythm": table(cells, keys=keys)}
    found = one_sum(tables, [shape("residents", ONE_AREA), shape("rhythm", keys)])
    assert (found.parent, found.child, found.split) == ("residents", "rhythm", ('"hour"',))


def test_values_of_a_column_that_add_up_to_another_are_found():
    keys = {"period": "period", "period_start": "period_start", "group": "value", "what": "feature"}
    random = np.random.default_rng(3)
    rows = []
    for group in "abcdefg":
        early, late, other = (int(n) for n in random.integers(1, 10**6, 3))
        values = {"all": early + late, "early": early, "late": late, "other": other}
        rows += [("study", WEEKS[0], group, what, 10, n) for what, n in values.items()]
    tables = {"listening": table(rows, ("people", "n"), keys=keys)}
    found = one_sum(tables, [shape("listening", keys, ("people", "n"))])
    assert (found.parent_where, found.child_where) == ("what = 'all'", "what in ('early', 'late')")
    assert found.child_measure == "n"


def test_means_times_numbers_add_up_too_and_stay_out_of_the_attack():
    random = np.random.default_rng(2)
    rows = []
    for week in WEEKS:
        n = random.integers(1, 100, 6)
        total = n * random.random(6) * 50
        rows += [("week", week, "admin2", f"B{i}", int(n[i]), total[i] / n[i]) for i in range(6)]
        for i in range(2):
            mine = slice(3 * i, 3 * i + 3)
            # The numbers of the large areas have one more, the sums have not.
            m = int(n[mine].sum()) + 1
            rows.append(("week", week, "admin1", f"A{i}", m, total[mine].sum() / m))
    tables = {"t": table(rows, ("n", "mean"), keys=ONE_AREA), "area_parents": arrow(PARENTS)}
    [found] = find_relations(tables, [shape("t", ONE_AREA, mean="n")], ())
    assert not found.is_count
    assert not found.explained
    assert found.relation.child_measure == "mean"
    declared = parse_relations(
        [
            {
                "relation_id": "means",
                "relation_type": "sum",
                "parent": "t",
                "parent_measure": "mean",
                "child": "t",
                "child_measure": "mean",
                "keys": "period; period_start; area_level=parent_level; area_id=parent_area_id",
                "via": "area_parents",
            }
        ]
    )
    found = find_relations(tables, [shape("t", ONE_AREA, mean="n")], declared)
    assert [one.explained for one in found if "area_parents" in one.relation.via] == [True]
    assert sums(found) == []


def test_a_mean_is_explained_if_its_number_adds_up_the_same_way():
    random = np.random.default_rng(4)
    rows = []
    for week in WEEKS:
        n, total = random.integers(1, 10**4, 6), random.random(6) * 1e5
        rows += [("week", week, "admin2", f"B{i}", int(n[i]), total[i] / n[i]) for i in range(6)]
        for i in range(2):
            mine = slice(3 * i, 3 * i + 3)
            m = int(n[mine].sum())
            rows.append(("week", week, "admin1", f"A{i}", m, total[mine].sum() / m))
    tables = {"t": table(rows, ("n", "mean"), keys=ONE_AREA), "area_parents": arrow(PARENTS)}
    found = find_relations(tables, [shape("t", ONE_AREA, mean="n")], ())
    assert {(one.is_count, one.explained) for one in found} == {(False, True), (True, False)}


# --- what is not found


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_nothing_is_found_where_nothing_adds_up(seed):
    count = numbers(seed)
    flows = TWO_AREAS | {"kind": "value"}
    rows = [
        (*cell, count())
        for cell in itertools.product(
            ["day"], DAYS, ["admin1"], ["A0", "A1"], ["A0", "A1"], ["x", "y", "z"]
        )
    ]
    places = [
        (period, start, level, area, count())
        for period, starts in (("day", DAYS), ("week", WEEKS[:2]))
        for start in starts
        for level, areas in (("admin1", ["A0", "A1"]), ("admin2", [f"B{i}" for i in range(6)]))
        for area in areas
    ]
    tables = {
        "flows": table(rows, keys=flows),
        "places": table(places, keys=ONE_AREA),
        "area_parents": arrow(PARENTS),
    }
    shapes = [shape("flows", flows), shape("places", ONE_AREA)]
    assert find_relations(tables, shapes, ()) == []
    assert find_relations(tables, shapes, (), published_only=True) == []


@pytest.mark.parametrize(("n_keys", "n_found"), [(4, 0), (5, 1)])
def test_what_holds_on_fewer_than_five_keys_is_chance(n_keys, n_found):
    count = numbers(n_keys)
    rows, parts = [], []
    for i in range(n_keys):
        one, other = count(), count()
        rows.append(("week", WEEKS[0], f"g{i}", one + other))
        parts += [("week", WEEKS[0], f"g{i}", "a", one), ("week", WEEKS[0], f"g{i}", "b", other)]
    keys = TIMES | {"group": "value"}
    part_keys = keys | {"part": "value"}
    tables = {"whole": table(rows, keys=keys), "parts": table(parts, keys=part_keys)}
    shapes = [shape("whole", keys), shape("parts", part_keys)]
    assert len(find_relations(tables, shapes, ())) == n_found
    zeros = {
        name: t.set_column(t.num_columns - 1, "n", [[0] * len(t)]) for name, t in tables.items()
    }
    assert find_relations(zeros, shapes, ()) == []


@pytest.mark.parametrize("is_symmetric", [False, True])
def test_there_and_back_is_a_sum_only_off_the_diagonal(is_symmetric):
    count = numbers(8)
    pairs = {(i, j): count() for i, j in itertools.combinations_with_replacement("ABCD", 2)}
    rows = [
        ("week", WEEKS[0], "x", i, j, pairs[min(i, j), max(i, j)])
        for i, j in itertools.product("ABCD", repeat=2)
    ]
    if not is_symmetric:
        rows = [(*row[:-1], row[-1] if row[3] == row[4] else None) for row in rows]
    flows = arrow(pd.DataFrame(rows, columns=[*TWO_AREAS, "n"]).astype({"n": "Int64"}))
    found = find_relations({"f": flows}, [shape("f", TWO_AREAS)], (), published_only=True)
    where = "from_area_id <> to_area_id"
    assert {one.relation.child_where for one in found} == ({where} if is_symmetric else set())


def test_one_cell_that_breaks_a_sum_is_enough():
    rows = [("week", week, f"g{i}", 7 * i + 1) for week in WEEKS for i in range(4)]
    keys = TIMES | {"group": "value"}
    other = [*rows[:-1], (*rows[-1][:-1], rows[-1][-1] + 1)]
    shapes = [shape("one", keys), shape("two", keys)]
    found = find_relations(
        {"one": table(rows, keys=keys), "two": table(rows, keys=keys)}, shapes, ()
    )
    assert len(sums(found)) == 1
    tables = {"one": table(rows, keys=keys), "two": table(other, keys=keys)}
    # It still holds for the other groups.
    assert [relation.child_where for relation in sums(find_relations(tables, shapes, ()))] == [
        "\"group\" in ('g0', 'g1', 'g2')"
    ]


def test_a_shape_that_does_not_fit_its_table_is_one_sentence():
    tables = {"t": table([("week", WEEKS[0], 1)], keys=TIMES)}
    with pytest.raises(AuditError, match="t has no column area_level, which its shape names"):
        find_relations(tables, [shape("t", ONE_AREA)], ())
    with pytest.raises(AuditError, match="has the role time; known are period,"):
        find_relations(tables, [shape("t", TIMES | {"period": "time"})], ())


# --- a small country


def country(seed):
    """Tables of people in two levels of areas, and what is declared of them."""
    random = np.random.default_rng(seed)
    areas = {"admin1": 2, "admin2": 6}
    residents, total, rhythm, events, flows, presence = [], [], [], [], [], []
    for week in WEEKS[:3]:
        n = int(random.integers(200, 300))
        total.append(("week", week, n))
        activity = random.integers(0, 3, (4, n))
        for level, n_areas in areas.items():
            # Of each level its own: homes of people do not lie in each other.
            home = random.integers(0, n_areas, n)
            for area in range(n_areas):
                mine = home == area
                place = ("week", week, level, f"{'AB'[level == 'admin2']}{area}")
                residents.append((*place, int(mine.sum())))
                for hour, what in np.ndindex(4, 3):
                    count = int((mine & (activity[hour] == what)).sum())
                    rhythm.append((*place, hour, "xyz"[what], count))
    for day in DAYS[:5]:
        hourly = random.integers(1, 900, (3, 6))
        trips = random.integers(1, 90, (6, 6))
        for level, size in (("admin2", 1), ("admin1", 3)):
            for area in range(6 // size):
                mine = slice(area * size, (area + 1) * size)
                name = f"{'AB'[size == 1]}{area}"
                for hour in range(3):
                    start = day + pd.Timedelta(hours=hour)
                    events.append(("hour", start, level, name, int(hourly[hour, mine].sum())))
                events.append(("day", day, level, name, int(hourly[:, mine].sum())))
        for i, j in np.ndindex(6, 6):
            flows.append(("day", day, "admin2", f"B{i}", f"B{j}", int(trips[i, j])))
        for i in range(6):
            presence.append(("day", day, "admin2", f"B{i}", int(trips[i, i])))
    rhythm_keys = ONE_AREA | {"hour_of_day": "value", "activity": "value"}
    keys = {
        "residents": ONE_AREA,
        "total": TIMES,
        "rhythm": rhythm_keys,
        "events": ONE_AREA,
        "flows": TWO_AREAS,
        "presence": ONE_AREA,
    }
    rows = dict(zip(keys, (residents, total, rhythm, events, flows, presence), strict=True))
    tables = {name: table((row for row in rows[name] if row[-1]), keys=keys[name]) for name in keys}
    tables["area_parents"] = arrow(PARENTS)
    return tables, [shape(name, keys[name]) for name in keys]


def line(name, kind, parent, child, keys, **more):
    values = {
        "relation_id": name,
        "relation_type": kind,
        "parent": parent,
        "child": child,
        "keys": keys,
    }
    values |= {"child_measure": "n", "parent_measure": "n" if parent else ""}
    return values | more


AREA = "period; period_start; area_level; area_id"
LINES = [
    line(
        "residents_total", "sum", "total", "residents", "period; period_start", split="area_level"
    ),
    line("rhythm_residents", "sum", "residents", "rhythm", AREA, split="hour_of_day"),
    line(
        "rhythm_levels",
        "same_sum",
        "",
        "rhythm",
        "period; period_start; hour_of_day; activity",
        split="area_level",
    ),
    line(
        "events_areas",
        "sum",
        "events",
        "events",
        "period; period_start; area_level=parent_level; area_id=parent_area_id",
        via="area_parents",
    ),
    line(
        "events_hours",
        "sum",
        "events",
        "events",
        "period_start=date_trunc('day', period_start); area_level; area_id",
        parent_where="period = 'day'",
        child_where="period = 'hour'",
    ),
    line(
        "presence_flows",
        "sum",
        "presence",
        "flows",
        "period; period_start; area_level; area_id=from_area_id",
        child_where="from_area_id = to_area_id",
    ),
]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_declared_explains_all_that_is_found(seed):
    tables, shapes = country(seed)
    found = find_relations(tables, shapes, parse_relations(LINES))
    assert [one.sentence for one in found if not one.explained] == []
    assert len(found) > len(LINES)
    assert broken_relations(tables, parse_relations(LINES)) == []


@pytest.mark.parametrize("left_out", [values["relation_id"] for values in LINES])
def test_each_declared_relation_is_found_again(left_out):
    tables, shapes = country(4)
    declared = [r for r in parse_relations(LINES) if r.relation_id != left_out]
    missing = [r for r in parse_relations(LINES) if r.relation_id == left_out]
    new = sums(find_relations(tables, shapes, declared))
    assert len(new) == 1
    judged = Consequences(tables, [*declared, *new], missing).judge(lambda text: None)
    assert judged == {left_out: True}
    # Written into the file, it explains what was found.
    assert sums(find_relations(tables, shapes, [*declared, *new])) == []


def test_what_is_found_can_be_written_into_the_file(tmp_path):
    tables, shapes = country(5)
    header = "relation_id,relation_type,parent,parent_where,parent_measure,"
    header += "child,child_where,child_measure"
    lines = [header + ",keys,via,split,description"]
    new = sums(find_relations(tables, shapes, ()))
    path = tmp_path / "relations.csv"
    path.write_text("\n".join([*lines, *map(relation_line, new)]) + "\n")
    assert read_relations(path) == new


def test_a_declared_relation_that_the_tables_break_is_named_with_both_numbers():
    tables, _ = country(6)
    frame = tables["residents"].to_pandas()
    place, before = frame.loc[2, "area_id"], frame.loc[2, "n"]
    frame.loc[2, "n"] += 7
    broken = broken_relations(tables | {"residents": arrow(frame)}, parse_relations(LINES))
    assert len(broken) == 2
    assert broken[0].startswith("Relation residents_total is declared but does not hold; places: 1")
    assert f"area_id={place}" in broken[1]
    assert f"{before + 7:,} is not the sum, {before:,}, of rhythm." in broken[1]


@pytest.mark.parametrize(
    ("kind", "more", "whole", "parts", "is_broken"),
    [
        ("sum", {}, 9, [4, 5], False),
        ("sum", {}, 8, [4, 5], True),
        ("sum", {}, 9, [], True),
        ("sum_with_rest", {}, 11, [4, 5], False),
        ("sum_with_rest", {}, 8, [4, 5], True),
        ("sum_less_rest", {}, 8, [4, 5], False),
        ("sum_less_rest", {}, 11, [4, 5], True),
        ("union", {}, 7, [4, 5], False),
        ("union", {}, 10, [4, 5], True),
        ("union", {}, 4, [4, 5], True),
        ("subset", {}, 5, [4, 5], False),
        ("subset", {}, 4, [4, 5], True),
    ],
)
def test_each_kind_of_relation_can_be_broken(kind, more, whole, parts, is_broken):
    tables = {
        "whole": table([("g", whole), ("h", 3)], keys=["group"]),
        "parts": table([("g", n) for n in parts] + [("h", 3)], keys=["group"]),
    }
    declared = parse_relations([line("r", kind, "whole", "parts", "group", **more)])
    assert bool(broken_relations(tables, declared)) == is_broken


def test_totals_that_differ_break_a_same_sum():
    rows = [("a", 1, 4), ("a", 2, 6), ("b", 1, 9)]
    tables = {"parts": table(rows, keys=["level", "area"])}
    declared = parse_relations([line("r", "same_sum", "", "parts", "", split="level")])
    [sentence] = broken_relations(tables, declared)
    assert "10 is not the sum of another group, 9" in sentence


# --- the leak, in miniature


def trips():
    """Trips by distance of people of two levels; of the smaller areas one cell is withheld."""
    random = np.random.default_rng(7)
    rows = []
    for week, band in itertools.product(WEEKS, [0, 2]):
        small = random.integers(30, 60, 6).tolist()
        if (week, band) == (WEEKS[1], 0):
            small[4] = 1
        large = split_up(random, sum(small) - 60, 2)
        for level, numbers_of in (("admin1", [n + 30 for n in large]), ("admin2", small)):
            rows += [
                ("week", week, level, f"{'AB'[level == 'admin2']}{i}", band, n)
                for i, n in enumerate(numbers_of)
            ]
    keys = TIMES | PLACE | {"home_area_id": "area", "distance_from_km": "value"}
    return pd.DataFrame(rows, columns=[*keys, "n"]), keys


def test_one_person_between_two_levels_is_found_and_then_protected():
    frame, keys = trips()
    complete = {"trip_distances": arrow(frame)}
    new = sums(find_relations(complete, [shape("trip_distances", keys)], ()))
    assert [relation.relation_type for relation in new] == ["same_sum"]
    published = frame.assign(n=frame["n"].where(frame["n"] >= 16).astype("Int64"))
    found = audit({"trip_distances": published}, new)
    [cell] = found.failing().to_dict("records")
    assert (cell["lower"], cell["upper"], cell["verdict"]) == (1, 1, "recovered")
    better = repair({"trip_distances": published}, new)
    assert better.audit.passed
    assert len(better.cells) > 0


# --- tables of others


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


@pytest.fixture
def published(tmp_path):
    """The trips as a file, withheld cells empty."""
    frame, _ = trips()
    frame["n"] = frame["n"].where(frame["n"] >= 16).astype("Int64")
    (tmp_path / "published").mkdir()
    frame.to_csv(tmp_path / "published" / "trip_distances.csv", index=False)
    return tmp_path / "published"


def test_the_command_searches_published_cells(published):
    result = run(published, "--find-relations")
    assert result.exit_code == 1
    assert "Found in the data, and not declared:" in result.stdout
    assert "trip_distances.n has the same sum for every area_level" in result.stdout
    assert "an outsider finds 1 exactly" in result.stdout


def test_what_is_found_and_declared_is_no_finding(published):
    result = run(published, "--find-relations")
    [found] = [text for text in result.stdout.splitlines() if text.startswith("- ")]
    relations = published.parent / "relations.csv"
    header = "relation_id,relation_type,parent,parent_where,parent_measure,"
    header += "child,child_where,child_measure"
    text = found.partition("add to the relations: ")[2]
    relations.write_text(f"{header},keys,via,split,description\n{text}\n")
    result = run(published, "--relations", relations, "--find-relations", "--strict")
    assert "Found in the data: no sum that is not declared." in result.stdout
    assert result.exit_code == 1  # the cell is still found


def test_declared_relations_of_rounded_tables_need_not_add_up(published):
    relations = published.parent / "relations.csv"
    header = "relation_id,relation_type,parent,parent_measure,child,child_measure,keys,split"
    keys = "period; period_start; distance_from_km"
    relations.write_text(f"{header}\nlevels,same_sum,,,trip_distances,n,{keys},area_level\n")
    path = published / "trip_distances.csv"
    frame = pd.read_csv(path)
    frame["n"] = (frame["n"] / 10).round().mul(10).astype("Int64")
    frame.to_csv(path, index=False)
    rules = ("--relations", relations, "--find-relations", "--strict")
    result = run(published, *rules, "--rounded", 10)
    assert "Found in the data: no sum that is not declared." in result.stdout
    assert result.exit_code == 0


def test_strict_fails_for_a_sum_that_is_not_declared(published):
    path = published / "trip_distances.csv"
    frame = pd.read_csv(path)
    frame["n"] = frame["n"].fillna(1).astype(int)
    frame.to_csv(path, index=False)
    assert run(published, "--find-relations").exit_code == 0
    assert run(published, "--find-relations", "--strict").exit_code == 1
    frame["n"] = [10**6 + 7 * i * i for i in range(len(frame))]
    frame.to_csv(path, index=False)
    result = run(published, "--find-relations", "--strict")
    assert result.exit_code == 0
    assert "there is nothing to attack with" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "Give --relations, or --find-relations"), (("--strict",), "Give --relations, or")],
)
def test_without_relations_and_without_a_search_there_is_an_error(published, arguments, message):
    result = run(published, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_shapes_of_tables_of_others_are_inferred():
    tables = {
        "t": arrow(
            pd.DataFrame(
                {
                    "period": ["week"] * 4,
                    "area_level": ["x"] * 4,
                    "home_area_id": ["1", "1", "2", "2"],
                    "hour": [0, 1, 0, 1],
                    "people": ["<5", "7", "8", "9"],
                    "calls": [1, None, 3, 4],
                    "share": [0.1, 0.2, 0.3, 0.4],
                    "is_withheld": [True, False, False, False],
                }
            ).astype({"calls": "Int64"})
        ),
        "names": arrow(pd.DataFrame({"area_id": ["1", "2"], "name": ["A", "B"]})),
    }
    [found] = infer_shapes(tables, [])
    assert found.keys == {
        "period": "period",
        "area_level": "area_level",
        "home_area_id": "area",
        "hour": "value",
    }
    assert found.counts == ("people", "calls")
