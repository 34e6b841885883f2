"""A mart as a folder of Parquet files that Hive and Athena read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyhive import hive

from throng.marts.arrow import ExportError, schema_of, table_of
from throng.marts.layout import (
    FILE_NAME,
    PARTITION_COLUMNS,
    Mart,
    can_be_folder,
    folder_of,
)
from throng.marts.reading import MARTS, batches_of

_FOLDERS = tuple(f"{name}=" for name in PARTITION_COLUMNS)
_ROWS_OF_A_ROW_GROUP = 100_000


@dataclass(frozen=True)
class Written:
    """How many rows went into how many files."""

    n_rows: int
    n_files: int


def write_folder(cursor: hive.Cursor, mart: Mart, folder: Path) -> Written:
    """Write all rows of a mart into a folder of its name, which is replaced whole.

    The files are written beside it. Then the folders change places, so whoever reads sees all of
    the old rows or all of the new ones (or, between two renames, no folder).

    Args:
        cursor: of the server that has the mart.
        mart: as it is to lie in the folder.
        folder: of all marts; made if there is none.

    Raises:
        ExportError: what is there was not written by an export, so it is not replaced.
    """
    target = folder / mart.name
    check_replaceable(target)
    new = folder / f".{mart.name}.{os.getpid()}"
    try:
        new.mkdir(parents=True)
        written = _write_files(cursor, mart, new)
        _put_in_place(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return written


def check_replaceable(target: Path) -> None:
    """Raises ExportError if a folder holds anything that no export wrote."""
    if not target.exists() and not target.is_symlink():
        return
    strange = target
    if target.is_dir() and not target.is_symlink():
        files = (path for path in sorted(target.rglob("*")) if not _is_exported(path))
        strange = next(files, None)
    if strange is not None:
        raise ExportError(
            f"{target} would be replaced, but no export wrote {strange}: name another folder with "
            "--out, or move it away."
        )


def _is_exported(path: Path) -> bool:
    """Whether an export makes files and folders of this name."""
    if path.is_symlink():
        return False
    return path.name.startswith(_FOLDERS) if path.is_dir() else path.name == FILE_NAME


def _put_in_place(new: Path, target: Path) -> None:
    """Let a folder take the place of another, which is removed."""
    old = new.with_name(f"{new.name}.old")
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write_files(cursor: hive.Cursor, mart: Mart, folder: Path) -> Written:
    """One file for each combination of values that occurs, and one where nothing divides."""
    names = mart.partition_names
    schema = schema_of(mart.name, mart.columns)
    columns = ", ".join([*names, *schema.names])
    cursor.execute(f"select {columns} from {MARTS}.{mart.name} order by {columns}")
    n_rows = n_files = 0
    found = chain.from_iterable(batches_of(cursor))
    for values, rows in groupby(found, key=lambda row: row[: len(names)]):
        if not all(map(can_be_folder, values)):
            raise ExportError(
                f"marts.{mart.name} has changed while it was exported: export it again."
            )
        file = folder / folder_of(names, values) / FILE_NAME
        n_rows += _write_file(file, schema, (row[len(names) :] for row in rows))
        n_files += 1
    if not names and not n_files:
        _write_file(folder / FILE_NAME, schema, [])
        n_files = 1
    return Written(n_rows, n_files)


def _write_file(path: Path, schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> int:
    """Write a file that Hive 2 and 3 read too, to whom a time is an INT96; the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    n_rows = 0
    rows = iter(rows)
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_deprecated_int96_timestamps=True
    ) as writer:
        while group := list(islice(rows, _ROWS_OF_A_ROW_GROUP)):
            writer.write_table(table_of(group, schema))
            n_rows += len(group)
    return n_rows
