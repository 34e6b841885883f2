"""What the server says of its marts: names, columns, comments, values of partition columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhive import hive

from throng.marts.layout import Column, Mart, candidates_of, mart_of

MARTS = "marts"
_ROWS_AT_ONCE = 10_000

Batches = Iterator[list[tuple[Any, ...]]]


def mart_names(cursor: hive.Cursor) -> list[str]:
    """Every mart, in order: what lies in the schema of the marts."""
    return sorted(tables_in(cursor, MARTS))


def tables_in(cursor: hive.Cursor, schema: str) -> set[str]:
    """Tables and views of one of our schemas; none where there is no such schema."""
    cursor.execute(f"show schemas like '{schema}'")
    if not cursor.fetchall():
        return set()
    cursor.execute(f"show tables in {schema}")
    return {row[1] for row in cursor.fetchall()}


def columns_of(cursor: hive.Cursor, mart: str) -> list[Column]:
    """Columns of a mart, in order."""
    return [column for column, _ in _described(cursor, f"describe {MARTS}.{mart}")]


def read_mart(cursor: hive.Cursor, name: str) -> Mart:
    """How a mart lies in folders, from the rows that readers see now."""
    columns, comment = described(cursor, name)
    candidates = candidates_of(columns)
    values: dict[str, list[object]] = {column: [] for column in candidates}
    if candidates:
        names = ", ".join(candidates)
        cursor.execute(f"select distinct {names} from {MARTS}.{name}")
        for row in cursor.fetchall():
            for column, value in zip(candidates, row, strict=True):
                if value not in values[column]:
                    values[column].append(value)
    return mart_of(name, columns, values, comment)


def described(cursor: hive.Cursor, name: str) -> tuple[list[Column], str]:
    """Columns of a mart, in order, and what it says of itself."""
    columns, comment = [], ""
    for column, is_property in _described(cursor, f"describe extended {MARTS}.{name}"):
        if not is_property:
            columns.append(column)
        elif column.name == "Comment":
            comment = column.kind
    return columns, comment


def batches_of(cursor: hive.Cursor) -> Batches:
    """The rows of the statement that ran last, some at a time."""
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield rows


def _described(cursor: hive.Cursor, sql: str) -> Iterator[tuple[Column, bool]]:
    """Each line of a description, and whether it is a property of the table."""
    cursor.execute(sql)
    is_property = False
    for name, kind, comment in cursor.fetchall():
        # An empty line ends the columns; titles begin with #.
        if not name or name.startswith("#"):
            is_property = True
        else:
            yield Column(name, kind, comment or ""), is_property
