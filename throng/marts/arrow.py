"""Rows as the server hands them over, as Arrow tables for Parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from throng.marts.layout import Column

_TYPES = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "smallint": pa.int16(),
    "tinyint": pa.int8(),
    "double": pa.float64(),
    "float": pa.float32(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
}


class ExportError(Exception):
    """What cannot be exported; the message says why and what can."""


def schema_of(mart: str, columns: Iterable[Column]) -> pa.Schema:
    """Columns of a mart with their types.

    Raises:
        ExportError: a column is not flat.
    """
    return pa.schema([(column.name, _type_of(mart, column)) for column in columns])


def _type_of(mart: str, column: Column) -> pa.DataType:
    if decimal := re.fullmatch(r"decimal\((\d+),(\d+)\)", column.kind):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if column.kind not in _TYPES:
        raise ExportError(
            f"marts.{mart} has the column {column.name} of type {column.kind}; only columns of "
            "numbers, texts, dates and times are exported."
        )
    return _TYPES[column.kind]


def table_of(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table with these columns."""
    arrays = [
        pa.array([_typed(row[position], kind) for row in rows], kind)
        for position, kind in enumerate(schema.types)
    ]
    return pa.table(arrays, schema=schema)


def _typed(value: object, kind: pa.DataType) -> object:
    """A value of Thrift, which may bring a time or a date as text, for a column of this type."""
    if isinstance(value, str):
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(value)
        if pa.types.is_date(kind):
            return date.fromisoformat(value)
    return value
