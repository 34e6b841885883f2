"""Which views have the same numbers wherever both can be asked.

Where every cell is known, two views are compared by the sums of their cells, each weighted by a
random number of its key: such sums are equal if the cells are, and if not, then for one choice of
weights in 2^60 (Freivalds' check). No table needs to be added up for it. Where cells are hidden,
views are added up, and compared on the keys of which both sides are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.views import Coded, Frame, HashArray, Slice, View, mixed

# Sums of means times numbers are equal if they differ by no more than this share of them.
CLOSE = 1e-6
# Combinations of so many values of a column are tried for a sum that another value has.
MAX_SUBSET = 14

Match = tuple[int, int, int]  # part of the parent, part of the child, number of keys
Sums = np.ndarray[Any, Any]


class Matcher(Protocol):
    """Compares views."""

    def parts(self, view: View) -> IntArray:
        """Codes of the values of a view's fixed columns, shape (p, f)."""

    def sums(self, parent: View, child: View) -> list[Match]:
        """Parts of two views that have the same sum on every key of both."""

    def levels(self, view: View) -> list[int]:
        """Parts of a view that have the same sum on every level."""

    def n_level_keys(self, view: View, part: int) -> int:
        """Number of keys of a part of a view, each once for every level after its first."""

    def values(self, view: View) -> list[tuple[list[int], int]]:
        """Groups of parts of a view that have the same sums, and numbers of keys."""

    def subsets(self, view: View) -> Iterator[tuple[int, list[int], int]]:
        """Parts of a view that are sums of two or more others: part, others, number of keys."""


@dataclass(frozen=True)
class Prints:
    """Weighted sums of a view.

    Attributes:
        parts: Codes of the fixed columns' values, shape (p, f).
        sums: Per part and unit, shape (p, u): whole numbers modulo 2^64, or fractions.
        sizes: Sums of absolute values, for fractions, else of no meaning, shape (p, u).
        n_rows: Rows per part and unit, shape (p, u).
        single: Parts in which every column that is summed has one value, shape (p,).
    """

    parts: IntArray
    sums: Sums
    sizes: FloatArray
    n_rows: IntArray
    single: BoolArray


@dataclass(frozen=True)
class Common:
    """The units that two frames have in common: positions in both, and a weight of each."""

    parent: IntArray
    child: IntArray
    weight: HashArray


def _weights(key: HashArray, fractions: bool) -> Sums:
    """Odd numbers, or numbers from 1 to 2, from random ones."""
    if fractions:
        return 1.0 + (key >> np.uint64(11)) * 2.0**-53
    return key | np.uint64(1)


class Whole:
    """Compares views of tables whose every cell is known; a missing row is 0."""

    def __init__(self, tables: dict[str, Coded], study: int | None) -> None:
        self.tables = tables
        self.study = study
        self._prints: dict[View, Prints] = {}
        self._common: dict[tuple[object, ...], Common] = {}
        # The last one only: parts of one view are asked for one after the other.
        self._rows: dict[View, Slice] = {}

    def prints(self, view: View) -> Prints:
        """Weighted sums of a view."""
        if view not in self._prints:
            self._prints[view] = self._print(view)
        return self._prints[view]

    def parts(self, view: View) -> IntArray:
        """Codes of the values of a view's fixed columns, shape (p, f)."""
        return self.prints(view).parts

    def _print(self, view: View) -> Prints:
        table = self.tables[view.table]
        part = table.slice(view, self.study)
        n_units = len(self.frame(view).starts)
        shape = (len(part.parts), n_units)
        place = part.part * n_units + part.unit
        fractions = bool(view.number)
        weight = _weights(part.key, fractions)
        if fractions:
            sums = np.bincount(place, weight * part.value, shape[0] * n_units).reshape(shape)
            sizes = np.bincount(place, weight * np.abs(part.value), shape[0] * n_units)
        else:
            sums = np.zeros(shape[0] * n_units, np.uint64)
            np.add.at(sums, place, weight * part.value.astype(np.uint64))
            sums, sizes = sums.reshape(shape), np.zeros(0)
        n_rows = np.bincount(place, minlength=shape[0] * n_units).reshape(shape)
        single = np.ones(shape[0], bool)
        for column in view.summed:
            single &= table.constant(column, part)
        return Prints(part.parts, sums, sizes.reshape(-1, n_units or 1), n_rows, single)

    def frame(self, view: View) -> Frame:
        """Units of a view."""
        table = self.tables[view.table]
        return table.frame(view.own, view.target, view.areas.up, self.study)

    def common(self, parent: View, child: View) -> Common:
        """Units in common of the frames of two views."""
        sides = [(v.table, v.own, v.target, v.areas.up) for v in (parent, child)]
        key = tuple(sides)
        if key not in self._common:
            self._common[key] = common_units(self.frame(parent), self.frame(child))
        return self._common[key]

    def sums(self, parent: View, child: View) -> list[Match]:
        """Parts of two views that have the same sum on every key of both."""
        common = self.common(parent, child)
        if not len(common.parent):
            return []
        whole, part = self.prints(parent), self.prints(child)
        one, one_size = _combined(whole, common.parent, common.weight)
        two, two_size = _combined(part, common.child, common.weight)
        found = []
        n_keys = whole.n_rows[:, common.parent].sum(axis=1)
        if parent.number:
            equal = np.abs(one[:, None] - two) <= CLOSE * np.maximum(one_size[:, None], two_size)
            pairs = np.argwhere(equal & (one_size[:, None] > 0))
        else:
            # By order: most views have no part in common.
            shared = np.intersect1d(one, two)
            shared = shared[shared > 0]
            if not len(shared):
                return []
            pairs = np.argwhere((one[:, None] == two) & np.isin(one, shared)[:, None])
        for i, j in pairs.tolist():
            if whole.single[i]:
                found.append((i, j, int(n_keys[i])))
        return found

    def levels(self, view: View) -> list[int]:
        """Parts of a view that have the same sum on every level."""
        frame, prints = self.frame(view), self.prints(view)
        starts, start = np.unique(frame.starts, return_inverse=True)
        several = np.bincount(start, minlength=len(starts)) > 1
        first = np.unique(start, return_index=True)[1][start]
        if view.number:
            apart = np.abs(prints.sums - prints.sums[:, first])
            same = apart <= CLOSE * np.maximum(prints.sizes, prints.sizes[:, first])
        else:
            same = prints.sums == prints.sums[:, first]
        asked = several[start]
        some = (prints.sums[:, asked] != 0).any(axis=1)
        return np.flatnonzero((same | ~asked).all(axis=1) & some).tolist()

    def n_keys(self, view: View, part: int) -> int:
        """Number of keys of a part of a view."""
        units = np.arange(len(self.frame(view).starts))
        return len(np.unique(self._keys(view, part, units)[0]))

    def n_level_keys(self, view: View, part: int) -> int:
        """Number of keys of a part of a view, each once for every level after its first."""
        frame = self.frame(view)
        starts, start = np.unique(frame.starts, return_inverse=True)
        n_levels = np.bincount(start, minlength=len(starts))
        keys, its_start = self._keys(view, part, start)
        first = np.unique(keys, return_index=True)[1]
        return int((n_levels[its_start[first]] - 1).sum())

    def _keys(self, view: View, part: int, number: IntArray) -> tuple[HashArray, IntArray]:
        """Of the rows of a part, keys together with a number of their unit, and the number."""
        if view not in self._rows:
            self._rows = {view: self.tables[view.table].slice(view, self.study)}
        rows = self._rows[view]
        mine = rows.part == part
        numbers = number[rows.unit[mine]]
        return rows.key[mine] + mixed(numbers.astype(np.uint64)), numbers

    def values(self, view: View) -> list[tuple[list[int], int]]:
        """Groups of parts of a view that have the same sums, and numbers of keys."""
        prints = self.prints(view)
        units = np.arange(prints.sums.shape[1])
        weight = mixed(units.astype(np.uint64)) | np.uint64(1)
        total, size = _combined(prints, units, weight)
        order = np.argsort(total, kind="stable")
        if view.number:
            new = np.diff(total[order], prepend=np.inf) > CLOSE * size[order]
            new[:1] = True
        else:
            new = np.diff(total[order], prepend=total[order][:1]) != 0
        groups = np.split(order, np.flatnonzero(new))
        found = []
        for group in groups:
            if len(group) > 1 and total[group[0]] != 0:
                found.append((sorted(group.tolist()), self.n_keys(view, int(group[0]))))
        return found

    def subsets(self, view: View) -> Iterator[tuple[int, list[int], int]]:
        """Parts of a view that are sums of two or more others: part, others, number of keys."""
        prints = self.prints(view)
        n, n_units = prints.sums.shape
        if n < 3 or not n_units:
            return
        weight = mixed(np.arange(n_units, dtype=np.uint64)) | np.uint64(1)
        total, _ = _combined(prints, np.arange(n_units), weight)
        filled = np.flatnonzero(total)
        for target in filled.tolist():
            others = [i for i in filled.tolist() if i != target]
            for members in _subsets(total, target, others):
                yield target, members, int(prints.n_rows[target].sum())
                break


def _subsets(total: HashArray, target: int, others: list[int]) -> Iterator[list[int]]:
    """Sets of others that add up to a target, small ones first."""
    if len(others) > MAX_SUBSET:
        if total[others].sum() == total[target]:
            yield others
        return
    sums = np.zeros(1, np.uint64)
    for other in others:
        sums = np.concatenate([sums, sums + total[other]])
    hits = np.flatnonzero(sums == total[target]).tolist()
    for hit in sorted(hits, key=lambda bits: (bits.bit_count(), bits)):
        members = [other for i, other in enumerate(others) if hit >> i & 1]
        if len(members) > 1:
            yield members


def _combined(prints: Prints, units: IntArray, weight: HashArray) -> tuple[Sums, FloatArray]:
    """One number per part: its weighted sums of some units, weighted again, shape (p,).

    For fractions the second array has the sums of absolute values.
    """
    if prints.sums.dtype == np.uint64:
        return (prints.sums[:, units] * weight).sum(axis=1), np.zeros(len(prints.parts))
    weights = _weights(weight, fractions=True)
    return prints.sums[:, units] @ weights, prints.sizes[:, units] @ weights


def common_units(parent: Frame, child: Frame) -> Common:
    """The units that two frames have in common.

    A parent without levels is the same for every level of the child.
    """
    levels = parent.levels
    child_levels = child.levels
    if len(levels) and (levels == -1).all():
        child_levels = np.full(len(child_levels), -1)
    known = {
        unit: i for i, unit in enumerate(zip(parent.starts.tolist(), levels.tolist(), strict=True))
    }
    pairs = [
        (known[unit], j)
        for j, unit in enumerate(zip(child.starts.tolist(), child_levels.tolist(), strict=True))
        if unit in known
    ]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    weight = mixed(np.arange(len(found), dtype=np.uint64) + np.uint64(2**32)) | np.uint64(1)
    return Common(found[:, 0], found[:, 1], weight)


# --- tables with hidden cells


class Published:
    """Compares views of tables with hidden cells, on keys of which both sides are known."""

    def __init__(self, tables: dict[str, Coded], study: int | None) -> None:
        self.tables = tables
        self.study = study
        self._groups: dict[View, pd.DataFrame] = {}
        self._parts: dict[View, Slice] = {}
        self._marks: dict[tuple[View, bool], HashArray] = {}

    def marks(self, view: View, with_level: bool) -> HashArray:
        """One number for each different place and value of a view other than 0, in order."""
        if (view, with_level) not in self._marks:
            groups = self.groups(view)
            groups = groups[groups["value"] != 0]
            marks = groups["key"].to_numpy(np.uint64).copy()
            marks += mixed(groups["start"].to_numpy().astype(np.uint64))
            if with_level:
                marks = mixed(marks) + groups["level"].to_numpy().astype(np.uint64)
            marks = mixed(marks) + mixed(groups["value"].to_numpy().astype(np.uint64))
            self._marks[view, with_level] = np.unique(marks)
        return self._marks[view, with_level]

    def part(self, view: View) -> Slice:
        """The rows of a view."""
        if view not in self._parts:
            self._parts[view] = self.tables[view.table].slice(view, self.study)
        return self._parts[view]

    def parts(self, view: View) -> IntArray:
        """Codes of the fixed columns' values."""
        return self.part(view).parts

    def groups(self, view: View) -> pd.DataFrame:
        """Known sums of a view: part, start, level, key, value."""
        if view not in self._groups:
            part = self.part(view)
            frame = self.tables[view.table].frame(view.own, view.target, view.areas.up, self.study)
            rows = pd.DataFrame(
                {
                    "part": part.part,
                    "start": frame.starts[part.unit],
                    "level": frame.levels[part.unit],
                    "key": part.key,
                    "value": part.value,
                    "known": part.known,
                }
            )
            by = ["part", "start", "level", "key"]
            sums = rows.groupby(by, as_index=False).agg(
                value=("value", "sum"), known=("known", "min")
            )
            self._groups[view] = sums[sums["known"]].drop(columns="known")
        return self._groups[view]

    def sums(self, parent: View, child: View) -> list[Match]:
        """Parts of two views that have the same sum on every key of which both are known."""
        whole, part = self.groups(parent), self.groups(child)
        with_level = not (len(whole) and (whole["level"] == -1).all())
        if not parent.number:
            # Most views have no cell in common.
            marks = self.marks(parent, with_level), self.marks(child, with_level)
            if not len(np.intersect1d(*marks, assume_unique=True)):
                return []
        table, rows = self.tables[parent.table], self.part(parent)
        for column in parent.summed:
            single = np.flatnonzero(table.constant(column, rows))
            whole = whole[whole["part"].isin(single)]
        by = ["start", "level", "key"] if with_level else ["start", "key"]
        both = whole.merge(part, on=by, suffixes=("", "_child"))
        if both.empty:
            return []
        both["equal"] = _close(both["value"], both["value_child"], bool(parent.number))
        found = both.groupby(["part", "part_child"]).agg(
            equal=("equal", "min"), most=("value", "max"), n=("value", "size")
        )
        found = found[found["equal"] & (found["most"] > 0)].reset_index()
        return list(zip(found["part"], found["part_child"], found["n"], strict=True))

    def levels(self, view: View) -> list[int]:
        """Parts of a view that have the same sum on every level."""
        by = ["part", "start", "key"]
        return [part for part, _ in self._constant(self.groups(view), by, view)]

    def n_level_keys(self, view: View, part: int) -> int:
        """Number of keys of a part of a view, each once for every level after its first."""
        groups = self.groups(view)
        mine = groups[groups["part"] == part]
        return int((mine.groupby(["start", "key"]).size() - 1).sum())

    def values(self, view: View) -> list[tuple[list[int], int]]:
        """All parts of a view, if they have the same sums."""
        groups = self.groups(view)
        parts = groups["part"].unique().tolist()
        groups = groups.assign(value_of=groups["part"], part=0)
        found = self._constant(groups, ["part", "start", "level", "key"], view)
        return [(sorted(parts), n) for _, n in found if len(parts) > 1]

    def _constant(self, groups: pd.DataFrame, by: list[str], view: View) -> list[tuple[int, int]]:
        """Parts whose value is the same in all groups of the same keys, and numbers of keys."""
        places = groups.groupby(by, as_index=False).agg(
            least=("value", "min"), most=("value", "max"), n=("value", "size")
        )
        places = places[places["n"] > 1]
        places["equal"] = _close(places["least"], places["most"], bool(view.number))
        found = places.groupby("part").agg(
            equal=("equal", "min"), most=("most", "max"), n=("n", "size")
        )
        found = found[found["equal"] & (found["most"] > 0)].reset_index()
        return list(zip(found["part"], found["n"], strict=True))

    def subsets(self, view: View) -> Iterator[tuple[int, list[int], int]]:
        """None: sums of some values of a column are searched where every cell is known."""
        yield from ()


def _close(one: pd.Series, other: pd.Series, fractions: bool) -> pd.Series:
    """Where two sums are equal, means times numbers up to their rounding."""
    if not fractions:
        return one == other
    return (one - other).abs() <= 1e-4 * np.maximum(one.abs(), other.abs())
