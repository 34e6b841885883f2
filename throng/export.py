"""`throng export`: what readers see of marts, as files for a dashboard or a data lake."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from pyhive import hive

from throng.errors import fail
from throng.files import replacing
from throng.marts.arrow import ExportError, schema_of, table_of
from throng.marts.folders import write_folder
from throng.marts.reading import (
    MARTS,
    Batches,
    batches_of,
    columns_of,
    mart_names,
    read_mart,
    tables_in,
)
from throng.server.control import ServerError, connect, the_server
from throng.server.settings import SettingsError

FORMATS = ("csv", "parquet", "json")


def export(
    mart: Annotated[
        str | None, typer.Argument(help="Name of a mart, such as listener_summary.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every mart, instead of one.")] = False,
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="csv (default), parquet or json (a list of rows)."),
    ] = None,
    partitioned: Annotated[
        bool,
        typer.Option(
            "--partitioned",
            help="Parquet in folders <mart>/period=.../area_level=..., for Hive and Athena.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write or replace; default: <mart>.<format> here. With --all or "
            "--partitioned a folder, in which the marts are written or replaced."
        ),
    ] = None,
) -> None:
    """Write a mart, or every mart, as readers see it. Tables that are no marts are refused."""
    try:
        file_format = check_options(mart, every, file_format, partitioned, out)
        with contextlib.closing(connect(the_server())) as connection:
            cursor = connection.cursor()
            names = _every_mart(cursor) if every else [require_mart(cursor, mart)]
            if every or partitioned:
                out.mkdir(parents=True, exist_ok=True)
            for name in names:
                if partitioned:
                    line = _write_partitioned(cursor, name, out)
                else:
                    file = f"{name}.{file_format}"
                    path = out / file if every else out or Path(file)
                    line = f"{path}: {write_mart(cursor, name, file_format, path):,} rows of {name}"
                typer.echo(line)
    except (ExportError, ServerError, SettingsError) as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {out or mart}: {error.strerror or error}.")


def check_options(
    mart: str | None, every: bool, file_format: str | None, partitioned: bool, out: Path | None
) -> str:
    """The format to write.

    Raises:
        ExportError: options that contradict each other, or too few of them.
    """
    if mart and every:
        raise ExportError(f"--all is every mart: leave out either --all or {mart}.")
    if not mart and not every:
        raise ExportError("Name a mart, such as count_residents, or give --all.")
    if file_format not in (None, *FORMATS):
        raise ExportError(f"--format must be csv, parquet or json, not '{file_format}'.")
    if partitioned and file_format not in (None, "parquet"):
        raise ExportError(
            f"--partitioned writes Parquet: leave out either --partitioned or --format "
            f"{file_format}."
        )
    if every or partitioned:
        option = "--partitioned" if partitioned else "--all"
        if out is None:
            raise ExportError(f"{option} writes a folder: name it with --out.")
        if out.exists() and not out.is_dir():
            raise ExportError(f"{option} writes a folder, but {out} is a file: name another.")
    return file_format or ("parquet" if partitioned else "csv")


def _every_mart(cursor: hive.Cursor) -> list[str]:
    names = mart_names(cursor)
    if not names:
        raise ExportError("No mart is built yet.")
    return names


def _write_partitioned(cursor: hive.Cursor, name: str, folder: Path) -> str:
    """Write the folder of a mart; what to say of it."""
    mart = read_mart(cursor, name)
    written = write_folder(cursor, mart, folder)
    files = "1 file" if written.n_files == 1 else f"{written.n_files:,} files"
    by = f" by {' and '.join(mart.partition_names)}" if mart.partitions else ""
    return f"{folder / name}: {written.n_rows:,} rows of {name} in {files}{by}"


def require_mart(cursor: hive.Cursor, name: str) -> str:
    """The name of a mart, without its schema.

    Raises:
        ExportError: it is no mart. What is public is what lies in the schema of the marts, and
            nothing else: the list is asked for, and the name is never put into SQL before.
    """
    schema, _, table = name.lower().rpartition(".")
    marts = tables_in(cursor, MARTS)
    if schema in ("", MARTS) and table in marts:
        return table
    known = f"The marts are: {', '.join(sorted(marts))}." if marts else "No mart is built yet."
    for other in ("protected", "staging", "landing", "released"):
        # What was released has the names of the marts, so a bare name means the mart.
        is_meant = schema == other or (schema == "" and other != "released")
        if is_meant and table in tables_in(cursor, other):
            raise ExportError(
                f"{other}.{table} is not for readers, so it is not exported: only marts are. "
                + known
            )
    raise ExportError(f"There is no mart {name}. {known}")


def write_mart(cursor: hive.Cursor, mart: str, file_format: str, path: Path) -> int:
    """Write all rows of a mart, in the order of its columns; the number of rows.

    The file is complete or as it was before: rows go to a file beside it that takes its place.

    Raises:
        ExportError: the file would have the name of a folder.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a file with --out.")
    schema = schema_of(mart, columns_of(cursor, mart))
    names = ", ".join(schema.names)
    cursor.execute(f"select {names} from {MARTS}.{mart} order by {names}")
    write: Callable[[Path, pa.Schema, Batches], int] = {
        "csv": _write_csv,
        "json": _write_json,
        "parquet": _write_parquet,
    }[file_format]
    with replacing(path) as unfinished:
        return write(unfinished, schema, batches_of(cursor))


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
        file.write(json.dumps(values, ensure_ascii=False, default=float))  # a decimal
    return len(rows)


def _write_parquet(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """Columns of the types of the mart."""
    n_rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for rows in batches:
            writer.write_table(table_of(rows, schema))
            n_rows += len(rows)
    return n_rows


def _plain(value: object) -> object:
    """A value as text formats have it: a time as SQL writes it."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


def _field(value: object) -> object:
    """A value as CSV has it: true and false as SQL writes them."""
    return str(value).lower() if isinstance(value, bool) else _plain(value)
