"""Sums over published tables: which there are, and their cells as arrays.

A view is a table with some of its columns kept as keys, some fixed to one value and the others
summed out. Two views can be compared if they keep the same columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from throng.disclosure import shapes
from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.reading import read_measure
from throng.disclosure.shapes import TableShape

HashArray = np.ndarray[Any, np.dtype[np.uint64]]

HOUR, DAY, WEEK, MONTH, STUDY = "hour", "day", "week", "month", "study"
# Periods into which the starts of others can be truncated.
TRUNCATED = {
    HOUR: (DAY, WEEK, MONTH, STUDY),
    DAY: (WEEK, MONTH, STUDY),
    WEEK: (STUDY,),
    MONTH: (STUDY,),
}
SAME, DIFFERENT = "same", "different"
# A column with more values is kept or summed, but no part of the table is one of its values.
MAX_VALUES = 30
MAX_FEATURES = 2000
MAX_FIXED = 2
# Columns beyond this are too many for all combinations.
MAX_COLUMNS = 6
_DAY = 24 * 3600 * 10**6


@dataclass(frozen=True)
class Areas:
    """How a view treats the area columns of its table.

    Attributes:
        columns: Those kept, in the order in which they are compared; the others are summed.
        part: SAME for the diagonal of two columns, DIFFERENT for the rest, empty for everything.
        up: Whether each area stands for the one around it.
        unordered: Whether a pair is kept without its direction.
    """

    columns: tuple[str, ...] = ()
    part: str = ""
    up: bool = False
    unordered: bool = False


@dataclass(frozen=True)
class View:
    """Sums of one measure of a table.

    Attributes:
        table, measure: Of the cells.
        number: The count by which a mean is multiplied; empty for counts.
        own: Period of the rows, empty if the table has none.
        target: Period to which their starts are truncated.
        areas: What becomes of the area columns.
        kept, fixed, summed: What becomes of the other dimensions; feature columns are one.
    """

    table: str
    measure: str
    number: str
    own: str
    target: str
    areas: Areas
    kept: tuple[str, ...]
    fixed: tuple[str, ...]
    summed: tuple[str, ...]

    @property
    def signature(self) -> tuple[object, ...]:
        """What two views must have in common to be compared."""
        return bool(self.number), self.target, len(self.areas.columns), self.kept


class Codes:
    """Numbers for the values of columns, the same in all tables for columns of the same name."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str | None, int]] = {}

    def of(self, name: str, values: Sequence[object]) -> IntArray:
        """The numbers of values, shape (len(values),)."""
        known = self._known.setdefault(name, {})
        texts = (None if value is None else str(value) for value in values)
        return np.array([known.setdefault(text, len(known)) for text in texts], np.int64)

    def column(self, name: str, column: pa.ChunkedArray) -> tuple[IntArray, dict[int, object]]:
        """The numbers of a column's rows, and the values by their numbers."""
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        values = encoded.dictionary.to_pylist()
        numbers = self.of(name, values)
        rows = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        coded = numbers[rows] if len(numbers) else np.zeros(0, np.int64)
        return coded, dict(zip(numbers.tolist(), values, strict=True))


@dataclass(frozen=True)
class Frame:
    """Rows of one period of a table, with the units in which views are compared.

    Attributes:
        rows: Row numbers, shape (r,).
        unit: Unit of each of them, shape (r,).
        starts, levels: Start (microseconds, or a code) and level of each unit, shapes (u,).
    """

    rows: IntArray
    unit: IntArray
    starts: IntArray
    levels: IntArray


@dataclass(frozen=True)
class Slice:
    """The rows of a view, one entry each.

    Attributes:
        rows: Row numbers in the table.
        unit: Unit, as numbered by the frame.
        part: Position in `parts` of the values of the fixed columns.
        parts: Codes of the fixed columns' values, shape (p, len(fixed)).
        key: Random number of the kept columns' values: the same for the same values.
        value: The measure, 0 where it is hidden.
        known: Where it is not.
    """

    rows: IntArray
    unit: IntArray
    part: IntArray
    parts: IntArray
    key: HashArray
    value: FloatArray
    known: BoolArray


def mixed(numbers: HashArray) -> HashArray:
    """Numbers that look random, the same for the same (splitmix64)."""
    x = numbers + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _salted(codes: IntArray, salt: int) -> HashArray:
    """Random numbers of codes, others for another salt."""
    return mixed(codes.astype(np.uint64) * np.uint64(2**16) + np.uint64(salt))


class Coded:
    """A table as arrays of numbers.

    Attributes:
        shape: What its columns are.
        features: Name of the dimension that all feature columns are together, or nothing.
        labels: Column to code to value.
        heads: Counts that repeat in every feature, with the one feature that stands for all:
            column to code.
    """

    def __init__(
        self,
        shape: TableShape,
        table: pa.Table,
        codes: Codes,
        parents: Mapping[tuple[int, int], tuple[int, int]],
        wanted_features: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.shape = shape
        self.n_rows = table.num_rows
        self.parents = parents
        self.labels: dict[str, dict[int, object]] = {}
        self.types = {name: table.schema.field(name).type for name in table.column_names}
        self._code: dict[str, IntArray] = {}
        self._frames: dict[tuple[str, str, bool], Frame] = {}
        self._ups: dict[str, IntArray] = {}
        self._cells: dict[tuple[str, str], tuple[FloatArray, BoolArray]] = {}
        for column, role in shape.keys.items():
            if role == shapes.START:
                continue
            name = {shapes.AREA: " area", shapes.LEVEL: " level"}.get(role, column)
            self._code[column], self.labels[column] = codes.column(name, table[column])
        self.start = self._starts(table, codes)
        self.level = self._code.get(shape.one(shapes.LEVEL), np.full(self.n_rows, -1))
        features = shape.of_role(shapes.FEATURE)
        self.features = " x ".join(features)
        if len(features) > 1:
            unique, rows = distinct([self._code[name] for name in features])
            numbers = codes.of(self.features, [tuple(u) for u in unique.tolist()])
            self._code[self.features] = numbers[rows]
            self.feature_codes = dict(zip(numbers.tolist(), unique.tolist(), strict=True))
        for measure in (*shape.counts, *shape.means):
            self._cells[measure, ""] = self._measure(table, measure)
        for mean, number in shape.means.items():
            (value, known), (times, counted) = self._cells[mean, ""], self._cells[number, ""]
            # A mean over nobody is no number, and their sum is 0.
            known = (known | (times == 0)) & counted
            self._cells[mean, number] = np.where(known, value * times, 0.0), known
        self.heads = self._heads(wanted_features) if features else {}

    def _starts(self, table: pa.Table, codes: Codes) -> IntArray:
        """Start of each row's period: microseconds since 1970, or a code if it is no time."""
        column = self.shape.one(shapes.START)
        self.has_times = bool(column) and pa.types.is_temporal(table.schema.field(column).type)
        if not column:
            return np.zeros(self.n_rows, np.int64)
        if not self.has_times:
            return codes.column(" start", table[column])[0]
        times = table[column].cast(pa.timestamp("us")).cast(pa.int64())
        return times.fill_null(np.iinfo(np.int64).min).to_numpy()

    def _measure(self, table: pa.Table, measure: str) -> tuple[FloatArray, BoolArray]:
        """Values of a column, 0 where hidden, and where they are known."""
        if measure in self.shape.means:
            values = table[measure].to_pandas().to_numpy(np.float64, na_value=np.nan)
            known = ~np.isnan(values)
            return np.where(known, values, 0.0), known
        # The smallest value that <5 stands for plays no part: hidden is hidden.
        read = read_measure(self.shape.name, measure, table[measure], 0.0, 0)
        return np.where(read.hidden, 0.0, read.lower), ~read.hidden

    def _heads(self, wanted: Sequence[Mapping[str, str]]) -> dict[str, dict[str, int]]:
        """Counts that repeat in every feature, and which feature is to stand for all."""
        features = self.shape.of_role(shapes.FEATURE)
        others = [c for c in self._code if c not in (*features, self.features)]
        places = self._hash([self._code[c] for c in others], range(len(others)))
        places = mixed(places + self.start.astype(np.uint64))
        _, place, first = np.unique(places, return_inverse=True, return_counts=True)
        together = self._code[self.features]
        if not (first > 1).any():
            return {}
        numbers, counted = np.unique(together, return_counts=True)
        chosen = int(numbers[np.argmax(counted)])
        for condition in wanted:
            fits = np.ones(self.n_rows, bool)
            for column, text in condition.items():
                codes = [c for c, v in self.labels[column].items() if str(v) == text]
                fits &= np.isin(self._code[column], codes)
            found = np.unique(together[fits])
            if len(found) == 1:
                chosen = int(found[0])
                break
        values = self.feature_codes[chosen] if len(features) > 1 else [chosen]
        heads = {}
        for measure in self.shape.counts:
            value, known = self._cells[measure, ""]
            least = np.full(len(first), np.inf)
            most = np.full(len(first), -np.inf)
            np.minimum.at(least, place[known], value[known])
            np.maximum.at(most, place[known], value[known])
            if (least >= most).all():
                heads[measure] = dict(zip(features, values, strict=True))
        return heads

    # columns

    def code(self, column: str) -> IntArray:
        """Numbers of a column's values, shape (rows,)."""
        return self._code[column]

    def labels_of(self, column: str, code: int) -> dict[str, object]:
        """The value of a dimension, by the columns of the table that it stands for."""
        if column == self.features and column not in self.labels:
            codes = self.feature_codes[code]
            names = self.shape.of_role(shapes.FEATURE)
            return {n: self.labels[n][c] for n, c in zip(names, codes, strict=True)}
        return {column: self.labels[column][code]}

    @cached_property
    def periods(self) -> list[str]:
        """Names of the periods of the table; one without a name if it has no such column."""
        column = self.shape.one(shapes.PERIOD)
        return sorted(str(v) for v in self.labels[column].values()) if column else [""]

    def dimensions(self, view_of: str, number: str) -> tuple[str, ...]:
        """Dimensions of a measure beside periods and areas, features as one."""
        own = self.shape.of_role(shapes.VALUE)
        if not self.features or (not number and view_of in self.heads):
            return own
        return (*own, self.features)

    def n_values(self, column: str) -> int:
        """How many values a dimension has."""
        return len(np.unique(self._code[column]))

    # rows

    def frame(self, own: str, target: str, up: bool, study: int | None) -> Frame:
        """Rows of a period, with units of starts truncated to the target."""
        if (own, target, up) not in self._frames:
            self._frames[own, target, up] = self._frame(own, target, up, study)
        return self._frames[own, target, up]

    def _frame(self, own: str, target: str, up: bool, study: int | None) -> Frame:
        mine = np.ones(self.n_rows, bool)
        column = self.shape.one(shapes.PERIOD)
        if column:
            codes = [c for c, value in self.labels[column].items() if str(value) == own]
            mine = np.isin(self._code[column], codes)
        level = self.level
        if up:
            level = self._up(self.shape.of_role(shapes.AREA)[0], level=True)
            mine = mine & (level >= 0)
        rows = np.flatnonzero(mine)
        start = self.start[rows]
        if own != target:
            start = truncated(start, target, study)
        units, unit = distinct([start, level[rows]])
        return Frame(rows, unit, units[:, 0], units[:, 1])

    def _up(self, column: str, *, level: bool = False) -> IntArray:
        """Code of the area (or of its level) around the area of each row, -1 if there is none."""
        name = f"{column} {level}"
        if name not in self._ups:
            unique, rows = distinct([self.level, self._code[column]])
            around = [self.parents.get((lv, area), (-1, -1)) for lv, area in unique.tolist()]
            found = np.array(around, np.int64).reshape(-1, 2)[rows]
            self._ups[f"{column} True"], self._ups[f"{column} False"] = found.T
        return self._ups[name]

    def _hash(self, columns: Sequence[IntArray], salts: Sequence[int]) -> HashArray:
        """Random numbers of combinations of values, shape (rows,)."""
        total = np.zeros(len(columns[0]) if columns else self.n_rows, np.uint64)
        for codes, salt in zip(columns, salts, strict=True):
            total += _salted(codes, salt)
        return mixed(total)

    def slice(self, view: View, study: int | None) -> Slice:
        """The rows of a view."""
        areas = view.areas
        frame = self.frame(view.own, view.target, areas.up, study)
        mine = np.ones(len(frame.rows), bool)
        if areas.part:
            one, other = (self._code[c][frame.rows] for c in self.shape.of_role(shapes.AREA))
            mine &= (one == other) if areas.part == SAME else (one != other)
        if not view.number:
            for column, code in self.heads.get(view.measure, {}).items():
                mine &= self._code[column][frame.rows] == code
        columns = [self._up(c) if areas.up else self._code[c] for c in areas.columns]
        if areas.up:
            for column in columns:
                mine &= column[frame.rows] >= 0
        rows, unit = frame.rows[mine], frame.unit[mine]
        columns = [column[rows] for column in columns]
        if areas.unordered:
            # The order of codes is as good as the order of names: both sides have the same.
            columns = [np.minimum(*columns), np.maximum(*columns)]
        columns += [self._code[c][rows] for c in view.kept]
        key = self._hash(columns, range(len(columns))) if columns else np.ones(len(rows), np.uint64)
        if view.fixed:
            parts, part = distinct([self._code[c][rows] for c in view.fixed])
        else:
            parts, part = np.zeros((1, 0), np.int64), np.zeros(len(rows), np.int64)
        value, known = self._cells[view.measure, view.number]
        return Slice(rows, unit, part, parts, key, value[rows], known[rows])

    def constant(self, column: str, part: Slice) -> BoolArray:
        """In which parts of a slice a column has one value only, shape (p,)."""
        codes = self._code[column][part.rows]
        least = np.full(len(part.parts), np.iinfo(np.int64).max)
        most = np.full(len(part.parts), -1)
        np.minimum.at(least, part.part, codes)
        np.maximum.at(most, part.part, codes)
        return least >= most


def distinct(columns: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """The combinations of some columns' values in order, and which of them each row has.

    Returns:
        Arrays of shapes (combinations, columns) and (rows,).
    """
    number = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        # Numbered again each time, so that no product of counts is too large.
        number = np.unique(number * len(values) + code, return_inverse=True)[1]
    first = np.unique(number, return_index=True)[1]
    return np.stack([column[first] for column in columns], axis=1), number


def truncated(starts: IntArray, period: str, study: int | None) -> IntArray:
    """Starts (microseconds since 1970) of the periods that other starts lie in."""
    if period == STUDY:
        return np.full(len(starts), 0 if study is None else study)
    days = starts // _DAY
    if period == WEEK:  # 1970-01-01 was a Thursday
        days = (days + 3) // 7 * 7 - 3
    if period == MONTH:
        months = pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[ns]"))
        days = months.to_numpy().astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days * _DAY


def views(table: Coded, study: int | None) -> Iterator[View]:
    """Every view of a table, those with fewer fixed columns first."""
    shape = table.shape
    measures = [(count, "") for count in shape.counts] + list(shape.means.items())
    for own, (measure, number) in itertools.product(table.periods, measures):
        columns = table.dimensions(measure, number)
        uses = sorted(_uses(table, columns), key=lambda use: use.count("fixed"))
        targets = [own]
        if table.has_times:
            more = TRUNCATED.get(own, ())
            targets += [period for period in more if period != STUDY or study is not None]
        for target, use, areas in itertools.product(targets, uses, _areas(table)):
            kept, fixed, summed = (
                tuple(sorted(c for c, its in zip(columns, use, strict=True) if its == wanted))
                for wanted in ("kept", "fixed", "summed")
            )
            yield View(shape.name, measure, number, own, target, areas, kept, fixed, summed)


def _uses(table: Coded, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What can become of each of some columns."""
    choices = []
    for column in columns:
        limit = MAX_FEATURES if column == table.features else MAX_VALUES
        choice = ["kept"]
        if column != table.features:
            choice.append("summed")
        if table.n_values(column) <= limit and len(columns) <= MAX_COLUMNS:
            choice.append("fixed")
        choices.append(choice)
    for use in itertools.product(*choices):
        if use.count("fixed") <= MAX_FIXED:
            yield use


def _areas(table: Coded) -> list[Areas]:
    """What can become of the area columns."""
    columns = table.shape.of_role(shapes.AREA)
    if not columns:
        return [Areas()]
    found = [Areas(columns), Areas()]
    if len(columns) == 2:
        one, other = columns
        found += [Areas((other, one)), Areas(columns, unordered=True)]
        found += [Areas((one,)), Areas((other,)), Areas((one,), SAME), Areas((), SAME)]
        found += [Areas(columns, DIFFERENT), Areas((other, one), DIFFERENT)]
        found += [Areas(columns, DIFFERENT, unordered=True), Areas((), DIFFERENT)]
        found += [Areas((one,), DIFFERENT), Areas((other,), DIFFERENT)]
    if table.parents and table.shape.one(shapes.LEVEL):
        found += [
            Areas(areas.columns, areas.part, up=True, unordered=areas.unordered)
            for areas in found
            if areas.columns
        ]
    return found


def is_cell_view(table: Coded, view: View) -> bool:
    """Whether a view keeps or fixes the areas and periods, so that its sums can be cells."""
    columns = table.shape.of_role(shapes.AREA)
    whole = len(view.areas.columns) == len(columns) or view.areas.part == SAME
    in_order = view.areas.columns == columns[: len(view.areas.columns)]
    plain = not view.areas.up and not view.areas.unordered
    return view.own == view.target and bool(whole and in_order and plain and _kept(view, columns))


def _kept(view: View, columns: tuple[str, ...]) -> bool:
    """Whether the areas of each row can be told from the view's keys."""
    return bool(view.areas.columns) or not columns
