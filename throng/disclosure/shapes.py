"""What the columns of a published table are, so that its sums can be searched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from throng.disclosure.relations import Relation

PERIOD, START, LEVEL, AREA = "period", "period_start", "area_level", "area"
VALUE, FEATURE = "value", "feature"
ROLES = (PERIOD, START, LEVEL, AREA, VALUE, FEATURE)

# A whole number, or a number withheld as text like "<5".
_COUNT = r"^\s*(<\s*)?\d+\s*$"


@dataclass(frozen=True)
class TableShape:
    """What the columns of a published table are.

    Attributes:
        name: The table, without its release.
        keys: Key column to one of ROLES. `value` is any other dimension of the table. `feature`
            columns tell apart rows of one and the same group of people, e.g. the indicators of an
            area; the head count repeats in each.
        counts: Measures that are whole numbers: people, or numbers of things.
        means: Mean column to the count column that it is the mean over; mean times number is a
            sum too.
    """

    name: str
    keys: Mapping[str, str]
    counts: tuple[str, ...]
    means: Mapping[str, str] = field(default_factory=dict)

    def of_role(self, role: str) -> tuple[str, ...]:
        """Key columns of a role, in the order of the table."""
        return tuple(column for column, its in self.keys.items() if its == role)

    def one(self, role: str) -> str:
        """The only key column of a role, or nothing."""
        return next(iter(self.of_role(role)), "")


def infer_shapes(tables: Mapping[str, pa.Table], declared: Sequence[Relation]) -> list[TableShape]:
    """The shapes of tables that nobody has described, by the names and values of their columns.

    Counts are the measures that the relations name, and other columns of whole numbers (or text
    like <5) that do not look like keys. Fractions and booleans are neither counts nor keys.

    Args:
        tables: By name, without releases.
        declared: Relations that may name some of their columns.

    Returns:
        One shape per table that has a count.
    """
    shapes = (_shape(name, table, declared) for name, table in sorted(tables.items()))
    return [shape for shape in shapes if shape.counts]


def _shape(name: str, table: pa.Table, declared: Sequence[Relation]) -> TableShape:
    """The shape of one table."""
    measures = {m for relation in declared for t, m in relation.measures if t == name}
    spoken: set[str] = set()
    for relation in declared:
        if relation.child == name:
            texts = [key.child_expression for key in relation.keys] + [*relation.split]
            spoken.update(re.findall(r"\w+", " ".join([*texts, relation.child_where])))
        if relation.parent == name:
            spoken.update(key.parent_column for key in relation.keys)
            spoken.update(re.findall(r"\w+", relation.parent_where))
    keys: dict[str, str] = {}
    numbers: list[str] = []
    for column in table.column_names:
        values = table[column]
        if column in measures or pa.types.is_boolean(values.type):
            continue
        role = _role(column)
        if role != VALUE or column in spoken:
            keys[column] = role
        elif _is_count(values):
            numbers.append(column)
        elif not pa.types.is_floating(values.type) and not pa.types.is_decimal(values.type):
            keys[column] = VALUE
    # Whole numbers without gaps, as hours of the day are, are keys if rows are not told apart
    # without them; those of fewest values first.
    full = [c for c in numbers if not table[c].null_count and pa.types.is_integer(table[c].type)]
    for column in sorted(full, key=lambda c: pc.count_distinct(table[c]).as_py()):
        if len(numbers) + len(measures) == 1 or _unique(table, list(keys)):
            break
        keys[column] = VALUE
        numbers.remove(column)
    ordered = {column: keys[column] for column in table.column_names if column in keys}
    counts = [c for c in table.column_names if c in measures or c in numbers]
    return TableShape(name, _few_areas(ordered), tuple(counts))


def _role(column: str) -> str:
    """The role that a column has by its name."""
    name = column.lower()
    if name in (PERIOD, START):
        return name
    if name in (LEVEL, "level"):
        return LEVEL
    if re.fullmatch(r"(\w+_)?area(_id)?(_\d+)?", name):
        return AREA
    return VALUE


def _few_areas(keys: Mapping[str, str]) -> dict[str, str]:
    """The same keys with at most two areas and one column of each other role."""
    left = {PERIOD: 1, START: 1, LEVEL: 1, AREA: 2}
    few = {}
    for column, role in keys.items():
        left[role] = left.get(role, len(keys)) - 1
        few[column] = role if left[role] >= 0 else VALUE
    return few


def _is_count(values: pa.ChunkedArray) -> bool:
    """Whether a column holds whole numbers, or text of them and of <5 and the like."""
    if pa.types.is_integer(values.type):
        return True
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return False
    texts = values.drop_null()
    texts = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    # Text of digits alone may be a name; what is withheld as text tells.
    return (
        len(texts) > 0
        and pc.all(pc.match_substring_regex(texts, _COUNT)).as_py()
        and pc.any(pc.match_substring(texts, "<")).as_py()
    )


def _unique(table: pa.Table, columns: list[str]) -> bool:
    """Whether columns tell the rows of a table apart."""
    if not columns:
        return table.num_rows <= 1
    return table.select(columns).group_by(columns).aggregate([]).num_rows == table.num_rows
