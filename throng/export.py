"""`throng export`: what readers see of a mart, as a file for a dashboard."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from pyhive import hive

from throng.server.control import ServerError, connect
from throng.server.settings import ServerSettings, SettingsError

MARTS = "marts"
FORMATS = ("csv", "parquet", "json")
_ROWS_AT_ONCE = 10_000
_TYPES = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}

Batches = Iterator[list[tuple[Any, ...]]]


class ExportError(Exception):
    """What cannot be exported; the message says why and what can."""


def export(
    mart: Annotated[str, typer.Argument(help="Name of a mart, such as listener_summary.")],
    file_format: Annotated[
        str, typer.Option("--format", help="csv, parquet or json (a list of rows).")
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write, or to replace; default: <mart>.<format> here."),
    ] = None,
) -> None:
    """Write a mart, as readers see it, to a file. Tables that are no marts are refused."""
    try:
        if file_format not in FORMATS:
            raise ExportError(f"--format must be csv, parquet or json, not '{file_format}'.")
        settings = ServerSettings.resolve()
        with contextlib.closing(connect(settings)) as connection:
            cursor = connection.cursor()
            name = require_mart(cursor, mart)
            path = out or Path(f"{name}.{file_format}")
            n_rows = write_mart(cursor, name, file_format, path)
    except (ExportError, ServerError, SettingsError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Error: cannot write {out or mart}: {error.strerror or error}.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{path}: {n_rows:,} rows of {name}")


def require_mart(cursor: hive.Cursor, name: str) -> str:
    """The name of a mart, without its schema.

    Raises:
        ExportError: it is no mart. What is public is what lies in the schema of the marts, and
            nothing else: the list is asked for, and the name is never put into SQL before.
    """
    schema, _, table = name.lower().rpartition(".")
    marts = _tables(cursor, MARTS)
    if schema in ("", MARTS) and table in marts:
        return table
    known = f"The marts are: {', '.join(sorted(marts))}." if marts else "No mart is built yet."
    for other in ("protected", "staging", "landing", "released"):
        # What was released has the names of the marts, so a bare name means the mart.
        is_meant = schema == other or (schema == "" and other != "released")
        if is_meant and table in _tables(cursor, other):
            raise ExportError(
                f"{other}.{table} is not for readers, so it is not exported: only marts are. "
                + known
            )
    raise ExportError(f"There is no mart {name}. {known}")


def _tables(cursor: hive.Cursor, schema: str) -> set[str]:
    """Tables and views of one of our schemas; none where there is no such schema."""
    cursor.execute(f"show schemas like '{schema}'")
    if not cursor.fetchall():
        return set()
    cursor.execute(f"show tables in {schema}")
    return {row[1] for row in cursor.fetchall()}


def write_mart(cursor: hive.Cursor, mart: str, file_format: str, path: Path) -> int:
    """Write all rows of a mart, in the order of its columns; the number of rows.

    The file is complete or as it was before: rows go to a file beside it that takes its place.

    Raises:
        ExportError: the file would have the name of a folder.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a file with --out.")
    cursor.execute(f"describe {MARTS}.{mart}")
    columns = [(name, _TYPES[kind]) for name, kind, *_ in cursor.fetchall()]
    names = [name for name, _ in columns]
    cursor.execute(
        f"select {', '.join(names)} from {MARTS}.{mart} order by {', '.join(names)}",
    )
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    write: Callable[[Path, pa.Schema, Batches], int] = {
        "csv": _write_csv,
        "json": _write_json,
        "parquet": _write_parquet,
    }[file_format]
    try:
        n_rows = write(unfinished, pa.schema(columns), _batches(cursor))
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):  # what was to be the folder may be a file
            unfinished.unlink(missing_ok=True)
    return n_rows


def _batches(cursor: hive.Cursor) -> Batches:
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield rows


def _write_csv(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """One line of names, one line a row; null is an empty field."""
    n_rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(schema.names)
        for rows in batches:
            writer.writerows([_field(value) for value in row] for row in rows)
            n_rows += len(rows)
    return n_rows


def _write_json(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """A list of objects, one a line."""
    n_rows = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for rows in batches:
            n_rows += _write_objects(file, schema.names, rows, is_first=n_rows == 0)
        file.write("\n]\n")
    return n_rows


def _write_objects(
    file: IO[str], names: list[str], rows: list[tuple[Any, ...]], *, is_first: bool
) -> int:
    for number, row in enumerate(rows):
        values = dict(zip(names, map(_plain, row), strict=True))
        file.write("\n" if is_first and number == 0 else ",\n")
        file.write(json.dumps(values, ensure_ascii=False))
    return len(rows)


def _write_parquet(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """Columns of the types of the mart."""
    n_rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for rows in batches:
            arrays = [
                pa.array([_typed(row[position], kind) for row in rows], kind)
                for position, kind in enumerate(schema.types)
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            n_rows += len(rows)
    return n_rows


def _plain(value: object) -> object:
    """A value as text formats have it: a time as SQL writes it."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


def _field(value: object) -> object:
    """A value as CSV has it: true and false as SQL writes them."""
    return str(value).lower() if isinstance(value, bool) else _plain(value)


def _typed(value: object, kind: pa.DataType) -> object:
    """A value of Thrift, which may bring a time as text, for a column of this type."""
    if isinstance(value, str) and pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    return value
