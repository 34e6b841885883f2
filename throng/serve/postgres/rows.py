"""Rows of a copy as CSV: what Python writes row by row takes far longer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from throng.serve.copies import CopiedMart, Copy, CopyError
from throng.serve.postgres.ddl import quoted

_ROWS_AT_ONCE = 20_000
#: What COPY reads: a null is nothing, an empty text is "".
COPY_OPTIONS = "(format csv, null '')"


def columns_of(mart: CopiedMart) -> str:
    """The list of columns of COPY."""
    return ", ".join(quoted(name) for name in mart.names)


def digest_of(copies: Path, copy: Copy, name: str) -> str:
    """A text that is another one if rows, columns or comments of a mart are others.

    Raises:
        CopyError: a file cannot be read.
    """
    mart = copy.marts[name]
    digest = hashlib.sha256(json.dumps(asdict(mart)).encode())
    for file in mart.files:
        try:
            with (copies / str(copy.number) / name / file.name).open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        except OSError as error:
            raise _unreadable(name, error) from None
    return digest.hexdigest()


def csv_of(copies: Path, copy: Copy, name: str) -> Iterator[bytes]:
    """All rows of a mart, some at a time.

    Raises:
        CopyError: a file cannot be read.
    """
    mart = copy.marts[name]
    try:
        for file in mart.files:
            with pq.ParquetFile(copies / str(copy.number) / name / file.name) as opened:
                for batch in opened.iter_batches(_ROWS_AT_ONCE, columns=mart.names):
                    yield _csv(batch.select(mart.names))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(name, error) from None


def _csv(batch: pa.RecordBatch) -> bytes:
    written = pa.BufferOutputStream()
    plain = [_plain(batch.column(place)) for place in range(batch.num_columns)]
    table = pa.table(plain, names=batch.schema.names)
    options = pc.WriteOptions(include_header=False, quoting_style="all_valid")
    pc.write_csv(table, written, options)
    return written.getvalue().to_pybytes()


def _plain(column: pa.Array) -> pa.Array:
    """Without a zone, as in Hive; decimals as texts, which CSV has no other way for."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_decimal(column.type):
        return column.cast(pa.string())
    return column


def _unreadable(name: str, error: Exception) -> CopyError:
    return CopyError(f"The copy of {name} cannot be read ({type(error).__name__}).")
