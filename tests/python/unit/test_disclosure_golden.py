"""Attacks whose result can be worked out on paper, and the shape of a real publication."""

import itertools

import numpy as np
import pandas as pd
import pytest

from tests.python.unit.test_disclosure_attack import found, relation, table
from throng.disclosure.attack import attack
from throng.disclosure.audit import audit
from throng.disclosure.building import build
from throng.disclosure.components import connected_with
from throng.disclosure.problem import Problem, merge
from throng.disclosure.relations import parse_relations
from throng.disclosure.repair import repair
from throng.disclosure.solver import determined


def test_parent_minus_published_children_is_the_hidden_child():
    tables = {
        "whole": table([100], day=[1]),
        "part": table([60, 37, None], day=[1] * 3, area=["a", "b", "c"]),
    }
    bounds = found(tables, [relation("sum", "whole", "part", "day")])
    assert bounds == {("part", 2): (3, 3, "recovered")}


@pytest.mark.parametrize(("whole", "verdict"), [(112, "narrow"), (113, "protected"), (97, "empty")])
def test_two_hidden_children_are_as_safe_as_their_sum_is_large(whole, verdict):
    tables = {
        "whole": table([whole], day=[1]),
        "part": table([60, 37, 3, None, None], day=[1] * 5),
    }
    tables["whole"]["n"] += 3
    bounds = found(tables, [relation("sum", "whole", "part", "day")])
    assert bounds[("part", 3)] == (0, whole - 97, verdict)


def test_a_two_way_table_gives_away_what_neither_margin_does():
    # Four cells hidden in a ring.
    cells = [None, None, 1, None, None, 2, 5, 6, 7]
    tables = {
        "cell": table(cells, row=[0, 0, 0, 1, 1, 1, 2, 2, 2], col=[0, 1, 2] * 3),
        "row": table([41, 42, 18], row=[0, 1, 2]),
        "col": table([35, 56, 10], col=[0, 1, 2]),
    }
    lines = [relation("sum", "row", "cell", "row"), relation("sum", "col", "cell", "col")]
    bounds = found(tables, lines)
    # Rows 40 and 40, columns 30 and 50: x, 40 - x / 30 - x, 10 + x.
    assert [bounds[("cell", i)][:2] for i in (0, 1, 3, 4)] == [(0, 30), (10, 40), (0, 30), (10, 40)]
    # A small column makes the whole ring narrow, though each margin alone would protect it.
    tables["col"] = table([12, 79, 10], col=[0, 1, 2])
    assert [b[2] for b in found(tables, lines).values()] == ["narrow"] * 4


def test_a_remainder_must_not_be_a_small_group_for_certain():
    lines = [relation("sum_with_rest", "present", "single", "area")]

    def rest(present, single):
        tables = {"present": table([present], area=["a"]), "single": table([single], area=["a"])}
        return found(tables, lines)[("present", 0, "rest")]

    assert rest(100, 97) == (3, 3, "recovered")
    assert rest(100, 100) == (0, 0, "empty")
    assert rest(100, 84) == (16, 16, "protected")
    assert rest(100, None) == (0, 100, "protected")
    assert rest(None, 97) == (0, np.inf, "protected")


def test_those_who_come_from_inside_must_not_be_a_small_group_for_certain():
    """Who comes to a region comes to one of its districts; so do those from another one in it."""
    lines = [relation("sum_less_rest", "region", "district", "region")]

    def inside(came_to_region, *came_to_districts):
        tables = {
            "region": table([came_to_region], region=["r"]),
            "district": table(list(came_to_districts), region=["r"] * 2, district=["a", "b"]),
        }
        return found(tables, lines)[("region", 0, "rest")]

    assert inside(90, 40, 53) == (3, 3, "recovered")
    assert inside(93, 40, 53) == (0, 0, "empty")
    assert inside(77, 40, 53) == (16, 16, "protected")
    assert inside(90, 40, None) == (0, np.inf, "protected")
    assert inside(None, 40, 53) == (0, 93, "protected")


def test_who_comes_from_inside_has_left_inside():
    """Parts and whole beside each other, in one sum of two sides."""
    areas = pd.DataFrame(
        [("region", "r"), ("district", "a"), ("district", "b")], columns=["level", "area"]
    )
    tables = {
        "moves": pd.concat(
            [
                areas.assign(movement="came", n=[90, None, 130]),
                areas.assign(movement="left", n=[80, 50, 73]),
            ],
            ignore_index=True,
        ),
        "families": areas.assign(parent_level="region", parent="r"),
    }
    tables["inside"] = tables["families"].iloc[1:]
    wholes = relation(
        *("sum_less_rest", "moves", "moves", "movement;level=parent_level;area=parent"),
        via="inside",
    )
    sides = relation(
        *("same_sum", "", "moves", "parent_level;parent"),
        via="families",
        split="(movement = 'came') = (level <> parent_level)",
    )
    assert found(tables, [wholes])[("moves", 1)][2] == "protected"
    # Of 50 + 73 who left a district 80 left the region, so 43 came to one from the other.
    assert found(tables, [wholes, sides])[("moves", 1)] == (3, 3, "recovered")


def test_remainders_of_several_splits_are_told_apart():
    tables = {
        "total": table([100], day=[1]),
        "single": table([50, 47, None, 90], day=[1] * 4, level=[1, 1, 2, 2]),
    }
    lines = [relation("sum_with_rest", "total", "single", "day", split="level")]
    cells = audit(tables, parse_relations(lines), exact=True).cells
    rests = cells[cells["role"] == "rest"].set_index("measure")[["lower", "upper", "verdict"]]
    name = "rest of sum_with_rest_total_single (level="
    assert rests.loc[f"{name}1)"].tolist() == [3, 3, "recovered"]
    assert rests.loc[f"{name}2)"].tolist() == [0, 10, "protected"]


def test_distinct_counts_bound_each_other():
    tables = {
        "week": table([100, None], week=[1, 2]),
        "day": table([70, 20, None, 40, 50, 30], week=[1, 1, 1, 2, 2, 2]),
    }
    bounds = found(tables, [relation("union", "week", "day", "week")])
    assert bounds[("day", 2)] == (10, 100, "protected")
    assert bounds[("week", 1)] == (50, 120, "protected")


def test_totals_that_nobody_publishes_are_an_attack_too():
    tables = {
        "residents": table([60, 40, 30, 30, 38, None], level=[1, 1, 2, 2, 2, 2]),
    }
    lines = [relation("same_sum", "", "residents", "", split="level")]
    assert found(tables, lines) == {("residents", 5): (2, 2, "recovered")}


def test_text_below_a_number_must_stay_as_uncertain_as_it_was_released():
    days = [1, 2, 3]
    tables = {"total": table([20], all=[1]), "day": table([13, "<5", "<5"], all=[1] * 3, day=days)}
    lines = [relation("sum", "total", "day", "all")]
    assert found(tables, lines)[("day", 1)] == (3, 4, "narrow")
    tables["total"] = table([18], all=[1])
    assert found(tables, lines)[("day", 1)] == (1, 4, "protected")
    assert found(tables, lines, lowest_below=0)[("day", 1)] == (1, 4, "narrow")
    tables["total"] = table([21], all=[1])
    assert found(tables, lines)[("day", 1)] == (4, 4, "recovered")
    tables["total"] = table([13], all=[1])
    assert found(tables, lines, lowest_below=0)[("day", 1)] == (0, 0, "empty")


def test_rounding_protects_what_subtraction_would_give_away():
    tables = {
        "whole": table([100], day=[1]),
        "part": table([60, 40, None], day=[1] * 3),
    }
    lines = [relation("sum", "whole", "part", "day")]
    assert found(tables, lines)[("part", 2)] == (0, 0, "empty")
    tolerance = {"whole": 5, "part": 5}
    assert found(tables, lines, tolerance=tolerance)[("part", 2)] == (0, 15, "narrow")
    tolerance = {"whole": 5, "part": 10}
    assert found(tables, lines, tolerance=tolerance)[("part", 2)] == (0, 25, "protected")
    numbers = {name: frame.astype({"n": float}) for name, frame in tables.items()}
    assert found(numbers, lines, tolerance=tolerance)[("part", 2)] == (0, 25, "protected")


@pytest.mark.parametrize(("pair", "top", "verdict"), [(3, 4, "narrow"), (15, 22, "protected")])
def test_halves_are_no_counts(pair, top, verdict):
    # Three cells of which any two are at most `pair`: over fractions all three reach 3/2 of it.
    tables = {
        "one": table([None] * 3, cell=[0, 1, 2]),
        "pairs": table([pair] * 3, left_out=[0, 1, 2]),
        "in_pair": pd.DataFrame({"cell": [0, 0, 1, 1, 2, 2], "left_out": [1, 2, 0, 2, 0, 1]}),
        "all": table([None], any=[1]),
    }
    lines = [
        relation("sum_with_rest", "pairs", "one", "left_out", via="in_pair"),
        relation("sum", "all", "one", ""),
    ]
    assert found(tables, lines)[("all", 0)] == (0, top, verdict)
    assert found(tables, lines, exact=False)[("all", 0)][2] == verdict


def test_without_any_margin_nothing_has_an_upper_bound():
    tables = {
        "cell": table([None, None, None, 7], row=[0, 0, 1, 1], col=[0, 1, 0, 1]),
        "row": table([None, None], row=[0, 1]),
        "col": table([None, None], col=[0, 1]),
        "all": table([None, None], way=["row", "col"]),
    }
    lines = [relation("sum", "row", "cell", "row"), relation("sum", "col", "cell", "col")]
    lines += [
        relation("sum", "all", name, "", parent_where=f"way = '{name}'") for name in ("row", "col")
    ]
    for exact in (True, False):
        bounds = found(tables, lines, exact=exact)
        assert bounds[("cell", 0)] == (0, np.inf, "protected")
        assert bounds[("row", 1)] == (7, np.inf, "protected")
        assert bounds[("all", 0)] == (7, np.inf, "protected")
        assert bounds[("all", 1)] == (7, np.inf, "protected")
    tables["all"] = table([20, None], way=["row", "col"])
    assert found(tables, lines)[("cell", 0)] == (0, 13, "narrow")
    assert found(tables, lines)[("all", 1)] == (20, 20, "recovered")


@pytest.mark.parametrize("seed", range(20))
def test_the_null_space_knows_what_equalities_determine(seed):
    random = np.random.default_rng(seed)
    matrix = random.integers(-1, 2, (7, 8)) * (random.random((7, 8)) < 0.4)
    con, var = np.nonzero(matrix)
    equal = random.random(7) < 0.8
    zero = np.zeros(7)
    sign = matrix[con, var].astype(float)
    free = np.zeros(8), np.full(8, np.inf)
    of, still = np.zeros(7, int), np.zeros(8, bool)
    problem = Problem(con, var, sign, *free, zero, np.where(equal, 0, 1), of, still)
    rank = np.linalg.matrix_rank(matrix[equal])
    expected = [
        np.linalg.matrix_rank(np.vstack([matrix[equal], np.eye(8)[i]])) == rank for i in range(8)
    ]
    assert determined(problem).tolist() == expected


def test_an_earlier_release_bounds_a_later_one():
    tables = {
        "seen@2": table([40, None], area=["a", None]),
        "seen@1": table([30, 12], area=["a", None]),
        "seen@10": table([45, 18], area=["a", None]),
        "total@1": table([42], all=[1]),
        "total@2": table([60], all=[1]),
        "total@10": table([63], all=[1]),
    }
    grows = relation("grows", "", "seen", "area")
    bounds = found(tables, [grows])
    # A key of null is one row, in every release; 10 comes after 2.
    assert bounds == {("seen@2", 1): (12, 18, "narrow")}
    bounds = found(tables, [grows, relation("sum_with_rest", "total", "seen", "")])
    assert bounds[("seen@2", 1)] == (12, 18, "narrow")
    assert bounds[("total@1", 0, "rest")] == (0, 0, "empty")
    assert bounds[("total@2", 0, "rest")] == (2, 8, "narrow")


def test_a_lookup_table_says_which_areas_lie_in_which():
    tables = {
        "n": table([60, 40, 20, None, 7, 33], level=[1, 1, 2, 2, 2, 2], area=list("ABabcd")),
        "tree": pd.DataFrame(
            {
                "level": [2] * 4,
                "area": list("abcd"),
                "parent_level": [1] * 4,
                "parent_area": list("AABB"),
            }
        ),
    }
    keys = "level=parent_level; area=parent_area"
    bounds = found(tables, [relation("sum", "n", "n", keys, via="tree")])
    assert bounds == {("n", 3): (40, 40, "recovered")}


# --- a publication of daily counts with "<5" and cumulative totals


def epidemic(municipalities=40, days=12, seed=3):
    """True and published daily cases per municipality, and cumulative totals."""
    random = np.random.default_rng(seed)
    rate = random.lognormal(0.3, 1.0, municipalities)
    cases = random.poisson(rate, (days, municipalities))
    index = np.indices(cases.shape).reshape(2, -1)
    daily = pd.DataFrame({"date": index[0], "municipality": index[1], "cases": cases.ravel()})
    # Days without a case are not in the file.
    daily = daily[daily["cases"] > 0].reset_index(drop=True)
    published = daily.assign(
        cases=daily["cases"].astype(object).mask(daily["cases"] < 5, "<5").astype(str)
    )
    totals = daily.groupby("municipality", as_index=False)["cases"].sum()
    return daily, published, totals


def test_cumulative_totals_give_away_small_daily_counts():
    true, published, totals = epidemic()
    line = relation("sum", "totals", "daily", "municipality")
    line |= {"parent_measure": "cases", "child_measure": "cases"}
    found = audit({"daily": published, "totals": totals}, parse_relations([line])).cells
    found = found.set_index("row")
    expected = {"recovered": 0, "narrow": 0, "protected": 0}
    for municipality, rows in published.groupby("municipality"):
        hidden = rows.index[rows["cases"] == "<5"]
        if not len(hidden):
            continue
        known = rows["cases"][rows["cases"] != "<5"].astype(int).sum()
        [total] = totals["cases"][totals["municipality"] == municipality]
        possible = [
            value
            for value in range(1, 5)
            if len(hidden) - 1 <= total - known - value <= 4 * (len(hidden) - 1)
        ]
        if len(hidden) < 7:
            every = itertools.product(range(1, 5), repeat=len(hidden))
            assert set(possible) == {c[0] for c in every if sum(c) == total - known}
        lower, upper = min(possible), max(possible)
        verdict = "recovered" if lower == upper else "narrow" if upper - lower < 3 else "protected"
        expected[verdict] += len(hidden)
        for row in hidden:
            assert found.loc[row, ["lower", "upper", "verdict"]].tolist() == [lower, upper, verdict]
            assert lower <= true["cases"][row] <= upper
    assert found["verdict"].value_counts().to_dict() == {k: v for k, v in expected.items() if v}
    assert expected["recovered"] > 5
    assert expected["narrow"] > 20


# --- a country with threshold only


def small_country(seed, areas=6, hours=5, scale=25.0):
    """Counts by area and hour with margins, below 16 hidden."""
    random = np.random.default_rng(seed)
    cells = random.poisson(random.lognormal(0, 0.8, (hours, areas)) * scale)
    hour, area = np.indices(cells.shape).reshape(2, -1)
    tables = {
        "cell": pd.DataFrame({"hour": hour, "area": area, "n": cells.ravel(), "m": 1}),
        "by_hour": pd.DataFrame({"hour": range(hours), "n": cells.sum(axis=1)}),
        "by_area": pd.DataFrame({"area": range(areas), "n": cells.sum(axis=0)}),
    }
    lines = [relation("sum", "by_hour", "cell", "hour"), relation("sum", "by_area", "cell", "area")]
    hide = {k: t.assign(n=t["n"].astype("Int64").mask(t["n"] < 16)) for k, t in tables.items()}
    return hide, lines, tables


@pytest.mark.parametrize("seed", range(12))
def test_merging_changes_no_bound(seed):
    tables, lines, truth = small_country(seed, scale=12)
    system = build(tables, parse_relations(lines))
    merged = attack(system, 16, exact=True)
    single = attack(system, 16, exact=True, merging=False)
    assert np.array_equal(merged.lower, single.lower)
    assert np.array_equal(merged.upper, single.upper)
    assert merged.counts["merged"] <= single.counts["merged"]
    values = np.concatenate([truth[name]["n"] for name in tables])
    assert (merged.lower <= values).all()
    assert (values <= merged.upper).all()


@pytest.mark.parametrize("seed", range(20))
def test_bounds_of_a_sum_are_bounds_of_its_members(seed):
    random = np.random.default_rng(seed)
    lower = random.integers(0, 3, 3).astype(float)
    upper = lower + random.integers(0, 4, 3)
    con, var, sign = np.zeros(3, int), np.arange(3), np.ones(3)
    ends, of, still = (np.zeros(1), np.zeros(1)), np.zeros(1, int), np.zeros(3, bool)
    problem = Problem(con, var, sign, lower, upper, *ends, of, still)
    whole, members = merge(problem)
    assert (whole.lower, whole.upper) == (lower.sum(), upper.sum())
    ends = np.sort(random.integers(lower.sum(), upper.sum() + 1, 2)).astype(float)
    ranges = (range(int(low), int(high) + 1) for low, high in zip(lower, upper, strict=True))
    possible = [p for p in itertools.product(*ranges) if ends[0] <= sum(p) <= ends[1]]
    low, high = members.apart(ends[:1], ends[1:])
    assert low.tolist() == np.min(possible, axis=0).tolist()
    assert high.tolist() == np.max(possible, axis=0).tolist()


@pytest.mark.parametrize("seed", range(12))
def test_merging_changes_no_bound_of_cells_that_cannot_be_zero(seed):
    # Each cell of a two-way table is two cells of unknown size, given as below a number.
    random = np.random.default_rng(seed)
    cells = random.integers(1, 4, (4, 4, 2))
    row, col, _ = np.indices(cells.shape).reshape(3, -1)
    tables = {
        "cell": table(["<9" if random.random() < 0.8 else n for n in cells.ravel().tolist()]),
        "row": table(cells.sum(axis=(1, 2)).tolist(), row=range(4)),
        "col": table(cells.sum(axis=(0, 2)).tolist(), col=range(4)),
    }
    tables["cell"] = tables["cell"].assign(row=row, col=col)
    lines = [relation("sum", "row", "cell", "row"), relation("sum", "col", "cell", "col")]
    system = build(tables, parse_relations(lines))
    merged = attack(system, 16, exact=True)
    single = attack(system, 16, exact=True, merging=False)
    assert merged.counts["merged"] < single.counts["merged"]
    assert np.array_equal(merged.lower, single.lower)
    assert np.array_equal(merged.upper, single.upper)


@pytest.mark.parametrize("seed", range(12))
def test_witnesses_decide_like_exact_bounds(seed):
    tables, lines, _ = small_country(seed, areas=9, hours=9)
    fast = audit(tables, parse_relations(lines)).cells
    exact = audit(tables, parse_relations(lines), exact=True).cells
    assert (fast["verdict"] == exact["verdict"]).all()
    failed = fast["verdict"].isin(["recovered", "narrow"])
    assert failed.any()
    assert (fast[failed] == exact[failed]).all(axis=None)
    assert (fast["lower"] >= exact["lower"]).all()
    assert (fast["upper"] <= exact["upper"]).all()


def test_large_components_decide_like_exact_bounds():
    tables, lines, _ = small_country(5, areas=30, hours=24, scale=14)
    fast = audit(tables, parse_relations(lines))
    assert fast.counts["solver_unknowns"] > 200
    exact = audit(tables, parse_relations(lines), exact=True).cells
    assert (fast.cells["verdict"] == exact["verdict"]).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_repair_ends_green_and_hides_little(seed):
    tables, lines, _ = small_country(seed, areas=8, hours=8)
    rules = parse_relations(lines)
    before = audit(tables, rules)
    result = repair(tables, rules)
    assert result.audit.passed
    hidden = {name: frame.copy() for name, frame in tables.items()}
    for name, row in zip(result.cells["table"], result.cells["row"], strict=True):
        assert not pd.isna(hidden[name].loc[row, "n"])
        hidden[name].loc[row, "n"] = pd.NA
    assert audit(hidden, rules).passed
    failing = before.cells["verdict"].isin(["recovered", "narrow"]).sum()
    assert 0 < len(result.cells) <= 2 * failing


@pytest.mark.parametrize("seed", range(4))
def test_a_repair_attacks_again_only_what_is_connected_with_a_failing_cell(seed, monkeypatch):
    """With the same result as if everything were attacked again."""
    tables, lines, _ = small_country(seed, areas=8, hours=8)
    # A second country that has nothing to do with the first, and in which nothing fails.
    tables["far"] = table([None, None, 900, 3000], day=[1] * 4, area=list("abcd"))
    tables["far_whole"] = table([5000], day=[1])
    lines.append(relation("sum", "far_whole", "far", "day"))
    sizes = []

    def everything(problem, wanted):
        sizes.append((len(problem.lower), len(connected_with(problem, wanted)[0].lower)))
        return problem, np.arange(len(problem.lower))

    rules = parse_relations(lines)
    quick = repair(tables, rules)
    monkeypatch.setattr("throng.disclosure.attack.connected_with", everything)
    whole = repair(tables, rules)
    assert quick.cells.equals(whole.cells)
    assert quick.audit.cells["verdict"].equals(whole.audit.cells["verdict"])
    assert sizes and all(part < all_parts for all_parts, part in sizes)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_found_protected_is_not_attacked_again(seed):
    """In tables that hide what a repair asked for, and more; of others everything is attacked."""
    tables, lines, _ = small_country(seed, areas=8, hours=8)
    rules = parse_relations(lines)
    first = repair(tables, rules)
    hidden = {name: frame.copy() for name, frame in tables.items()}
    for name, row in zip(first.cells["table"], first.cells["row"], strict=True):
        hidden[name].loc[row, "n"] = pd.NA
    more = {name: frame.copy() for name, frame in hidden.items()}
    name = next(iter(more))
    more[name].loc[more[name]["n"].last_valid_index(), "n"] = pd.NA
    for again in (hidden, more):
        quick, whole = repair(again, rules, before=first.audit), repair(again, rules)
        assert quick.before.cells["verdict"].equals(whole.before.cells["verdict"])
        # One country is one part: a cell hidden in it asks for all of its unknowns.
        attacked, all_unknowns = quick.before.counts["unknowns"], whole.before.counts["unknowns"]
        assert attacked < all_unknowns if again is hidden else attacked <= all_unknowns
    # Everything is attacked where less is hidden, numbers differ, or a relation is not there.
    changed = {name: frame.assign(n=frame["n"] * 2) for name, frame in hidden.items()}
    for other, relations in ((tables, rules), (changed, rules), (hidden, rules[1:])):
        quick = repair(other, relations, before=first.audit)
        whole = repair(other, relations)
        assert quick.before.cells["verdict"].equals(whole.before.cells["verdict"])
        assert quick.before.counts["unknowns"] == whole.before.counts["unknowns"]


def test_a_repair_hides_rows_whole_and_rows_that_are_equal_together():
    tables = {
        "whole": table([100], day=[1]),
        "part": table([20, 30, None, 45], day=[1] * 4, area=list("abcd")).assign(
            m=[70, 80, 90, 99]
        ),
        "same": table([20, 30, None, 45], area=list("abcd")),
        "other": pd.DataFrame({"area": list("abcd"), "m": [80, 90, 100, 110]}),
    }
    tables["part"]["m"] = [70, 80, 90, 99]
    lines = [
        relation("sum", "whole", "part", "day"),
        relation("sum", "same", "part", "area"),
        relation("subset", "other", "part", "area", parent_measure="m", child_measure="m"),
    ]
    result = repair(tables, parse_relations(lines))
    assert result.audit.passed
    assert result.rounds == 1
    hidden = set(zip(result.cells["table"], result.cells["row"], strict=True))
    assert hidden == {("part", 0), ("same", 0)}
    cells = result.audit.cells
    assert ("m" in set(cells["measure"])) and (cells["row"].isin([0, 2])).all()


def test_equal_values_are_hidden_in_the_callers_order():
    tables = {
        "whole": table([65], day=[1]),
        "part": table([20, 20, None, 20], day=[1] * 4, area=list("abcd")),
    }
    rules = parse_relations([relation("sum", "whole", "part", "day")])
    for last in (0, 1, 3):
        result = repair(tables, rules, order=lambda _, row, last=last: -(row == last))
        assert result.cells["row"].tolist() == [last]
    again = [repair(tables, rules).cells["row"].tolist() for _ in range(2)]
    assert again[0] == again[1]


def test_what_others_depend_on_is_hidden_last():
    """Two hidden parts follow from what is in them; the sum of both is the largest number."""
    tables = {
        "country": table([100], day=[1]),
        "part": table([None, None], day=[1] * 2, area=list("ab")),
        "inner": table([46, 4, 44, 6], day=[1] * 4, area=list("aabb"), district=list("cdef")),
    }
    lines = [relation("sum", "country", "part", "day"), relation("sum", "part", "inner", "area")]
    rules = parse_relations(lines)
    assert "country" in set(repair(tables, rules).cells["table"])
    spared = repair(tables, rules, last_resort={"country"})
    assert spared.audit.passed
    assert set(spared.cells["table"]) == {"inner"}
    # Nothing else is there to be hidden.
    alone = {"country": tables["country"], "part": table([None], day=[1], area=["a"])}
    rules = parse_relations(lines[:1])
    assert repair(alone, rules, last_resort={"country"}).cells["table"].tolist() == ["country"]


def test_what_follows_from_other_sums_is_not_hidden():
    """Residents are the smallest number that is large enough, and the sum of every other hour."""
    hours, kinds = range(24), ("moving", "staying", "unknown")
    keys = [(area, hour, kind) for area in "AB" for hour in hours for kind in kinds]
    counts = {"moving": 100, "staying": 300, "unknown": 200}
    rhythm = pd.DataFrame(keys, columns=["area", "hour", "kind"])
    rhythm["n"] = [None if hour == 0 else counts[kind] for _, hour, kind in keys]
    country = pd.DataFrame({"hour": 0, "kind": kinds, "n": [2, 700, 498]})
    tables = {
        "residents": table([600, 600], area=list("AB")),
        "rhythm": rhythm,
        "country": country,
    }
    lines = [
        *(
            relation(
                *("sum", "residents", "rhythm", "area"),
                relation_id=f"residents_{hour}",
                child_where=f"hour = {hour}",
            )
            for hour in hours
        ),
        relation("sum", "country", "rhythm", "hour;kind", child_where="hour = 0"),
    ]
    result = repair(tables, parse_relations(lines))
    assert result.audit.passed
    assert set(result.cells["table"]) == {"country"}


def test_the_same_files_give_the_same_audit():
    tables, lines, _ = small_country(4, areas=20, hours=20, scale=12)
    first, second = (audit(tables, parse_relations(lines)) for _ in range(2))
    assert first.cells.equals(second.cells)
    assert first.counts == second.counts
