"""Speed of the disclosure audit on a synthetic country: `.venv/bin/python benchmarks/audit.py`.

Per size it prints hidden cells, verdicts, seconds, hidden cells per second and the peak of memory
(of this process and its largest worker). The tables: events per hour and area of three levels with
sums over hours and over areas, visits per home and visited area and day with presence as their
sum, residents with totals, and people per day and week (distinct counts). Cells below the
threshold are hidden, then the residual rule hides further ones, group by group.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

import numpy as np
import pandas as pd

from throng.disclosure.audit import audit
from throng.disclosure.relations import parse_relations

MIN = 16
LEVELS = (5, 20, 80)


def relation(
    relation_id: str, relation_type: str, parent: str, child: str, keys: str, **more: str
) -> dict:
    """A line of the relations file, with the measure n."""
    line = {"relation_id": relation_id, "relation_type": relation_type}
    line |= {"parent": parent, "child": child}
    line |= {"keys": keys, "child_measure": "n", "parent_measure": "n" if parent else ""}
    return line | more


def levels(leaf: np.ndarray, parents: list[np.ndarray]) -> list[np.ndarray]:
    """Counts of all levels, coarsest first, from counts of the finest on the last axis."""
    found = [leaf]
    for parent in reversed(parents):
        coarse = np.zeros((*leaf.shape[:-1], parent.max() + 1), int)
        np.add.at(np.moveaxis(coarse, -1, 0), parent, np.moveaxis(found[0], -1, 0))
        found.insert(0, coarse)
    return [found[0].sum(axis=-1, keepdims=True), *found]


def frame(counts: list[np.ndarray], names: list[str]) -> pd.DataFrame:
    """Long table of counts per level: names, level, area, n."""
    parts = []
    for level, values in enumerate(counts):
        index = np.indices(values.shape).reshape(values.ndim, -1)
        columns = dict(zip([*names, "area"], index, strict=True))
        parts.append(pd.DataFrame({**columns, "level": level, "n": values.ravel()}))
    return pd.concat(parts, ignore_index=True)


def residual_rule(values: np.ndarray, hidden: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Hide the smallest further cells of groups until their hidden cells are two and reach MIN.

    Args:
        values, hidden, groups: Value, whether hidden, and group of each cell, shape (cells,).
    """
    order = np.lexsort((values, ~hidden, groups))
    group, value, secret = groups[order], values[order], hidden[order]
    start = np.flatnonzero(np.diff(group, prepend=-1))
    first = np.repeat(start, np.diff(np.r_[start, len(group)]))
    before = np.cumsum(value) - value
    before -= before[first]
    rank = np.arange(len(group)) - first
    any_hidden = np.logical_or.reduceat(secret, start)[np.searchsorted(start, first)]
    result = hidden.copy()
    result[order] = secret | (any_hidden & ((rank < 2) | (before < MIN)))
    return result


def country(
    days: int, people: float, with_rule: bool = True, seed: int = 1
) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """Tables with hidden cells, and their relations.

    Args:
        days: Days of events and visits.
        people: Scale of the counts; less people, more hidden cells.
        with_rule: Hide by the residual rule too.
    """
    random = np.random.default_rng(seed)
    parents = [np.arange(20) % 5, np.arange(80) % 20]
    size = random.lognormal(0, 1, LEVELS[-1]) * people
    rhythm = 1.1 + np.sin(np.arange(24) / 24 * 2 * np.pi - 2)
    events = levels(random.poisson(size * rhythm[:, None], (days, 24, 80)), parents)
    homes = levels(random.poisson(size * 4), parents)
    distance = np.abs(np.subtract.outer(np.arange(81), np.arange(80)))
    flow = random.poisson(np.exp(-distance / 6) * size * 2, (days, 81, 80))
    visits = pd.DataFrame(
        dict(zip(("day", "home", "area"), np.indices(flow.shape).reshape(3, -1), strict=True))
    ).assign(n=flow.ravel())
    presence = flow.sum(axis=1)
    tables = {
        "hourly": frame(events, ["day", "hour"]),
        "daily": frame([e.sum(axis=1) for e in events], ["day"]),
        "residents": frame(homes, []),
        "visits": visits,
        "presence": frame([presence], ["day"]).assign(week=lambda t: t["day"] // 7),
    }
    week = tables["presence"].groupby(["week", "area"], as_index=False)["n"].agg(["max", "sum"])
    reach = week.assign(n=random.integers(week["max"], (week["max"] + week["sum"]) // 2 + 1))
    tables["weekly"] = reach[["week", "area", "n"]]
    tree = [(1, a, 0, 0) for a in range(5)]
    tree += [(i + 2, a, i + 1, p) for i, level in enumerate(parents) for a, p in enumerate(level)]
    lookup = pd.DataFrame(tree, columns=["level", "area", "parent_level", "parent_area"])

    def ids(name: str, *columns: str) -> np.ndarray:
        return tables[name].groupby(list(columns), dropna=False).ngroup().to_numpy()

    joined = {
        name: tables[name].merge(lookup, how="left") for name in ("hourly", "daily", "residents")
    }
    hidden = {name: table["n"].to_numpy() < MIN for name, table in tables.items()}
    for _ in range(4 if with_rule else 0):
        for name, keys in (("hourly", ["day", "hour"]), ("daily", ["day"]), ("residents", [])):
            group = joined[name].groupby([*keys, "parent_level", "parent_area"], dropna=False)
            rule = residual_rule(tables[name]["n"].to_numpy(), hidden[name], group.ngroup().values)
            hidden[name] = rule
        by_day = ids("hourly", "day", "level", "area")
        hidden["hourly"] = residual_rule(tables["hourly"]["n"].values, hidden["hourly"], by_day)
    if with_rule:
        by_area = ids("visits", "day", "area")
        hidden["visits"] = residual_rule(visits["n"].values, hidden["visits"], by_area)
    for name, table in tables.items():
        tables[name] = table.assign(n=table["n"].astype("Int64").mask(hidden[name]))
    below, above = "level > 0", "level < 3"
    up = "level=parent_level; area=parent_area"
    options = {"child_where": below, "parent_where": above, "via": "lookup"}
    lines = [
        relation("hourly_by_area", "sum", "hourly", "hourly", f"day; hour; {up}", **options),
        relation("daily_by_area", "sum", "daily", "daily", f"day; {up}", **options),
        relation("daily_by_hour", "sum", "daily", "hourly", "day; level; area"),
        relation("residents_by_area", "sum", "residents", "residents", up, **options),
        relation("presence_by_home", "sum", "presence", "visits", "day; area"),
        relation("weekly_by_day", "union", "weekly", "presence", "week; area"),
    ]
    return {**tables, "lookup": lookup}, lines


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--cells", type=int, nargs="*", default=[10_000, 30_000, 100_000, 300_000])
    parser.add_argument("--people", type=float, default=12.0, help="scale of the counts")
    parser.add_argument("--threshold-only", action="store_true", help="without the residual rule")
    options = parser.parse_args()
    rule = not options.threshold_only
    tables, _ = country(2, options.people, rule)
    per_day = sum(int(t["n"].isna().sum()) for t in tables.values() if "n" in t) / 2
    print(f"{'days':>5}{'cells':>11}{'hidden':>10}{'failing':>9}{'solver':>9}{'LPs':>7}", end="")
    print(f"{'build s':>9}{'attack s':>9}{'cells/s':>9}{'MB':>7}")
    for wanted in options.cells:
        days = max(1, round(wanted / per_day))
        tables, lines = country(days, options.people, rule)
        cells = sum(len(t) for t in tables.values() if "n" in t)
        start = time.perf_counter()
        found = audit(tables, parse_relations(lines), workers=options.workers)
        seconds = time.perf_counter() - start
        failing = int(found.cells["verdict"].isin(["recovered", "narrow"]).sum())
        peak = sum(
            resource.getrusage(who).ru_maxrss / 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(
            f"{days:>5}{cells:>11,}{len(found.cells):>10,}{failing:>9,}"
            f"{found.counts['solver_unknowns']:>9,}{found.counts['linear_programs']:>7,}"
            f"{found.seconds['build']:>9.1f}{found.seconds['attack']:>9.1f}"
            f"{len(found.cells) / seconds:>9,.0f}{peak:>7,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
