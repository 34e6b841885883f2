"""Published tables, read from files or given as frames, and the counts in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from throng.disclosure.arrays import BoolArray, FloatArray
from throng.disclosure.relations import AuditError

BELOW = re.compile(r"<\s*(\d+)")
SUFFIXES = (".csv", ".csv.gz", ".parquet")
RELEASE = "@"


def read_tables(paths: Sequence[Path]) -> dict[str, pa.Table]:
    """Tables of CSV or Parquet files, by the names of the files without their endings.

    A folder is one table if it is called `<name>.parquet` or has `part-*` files or `<key>=<value>`
    folders in it, as Spark writes them; another folder stands for the tables in it.

    Raises:
        AuditError: If a file is missing, no CSV or Parquet, unreadable, or named like another.
    """
    tables: dict[str, pa.Table] = {}
    for path in _files(paths):
        name = path.name
        for suffix in SUFFIXES:
            name = name.removesuffix(suffix)
        if name in tables:
            raise AuditError(f"Two files hold a table {name}; the second is {path}.")
        source = str(path).replace("'", "''")
        if path.is_dir():
            source = f"read_parquet('{source}/**/*.parquet', hive_partitioning = true)"
        elif path.suffix == ".parquet":
            source = f"read_parquet('{source}')"
        else:
            source = f"read_csv('{source}', header = true, sample_size = -1)"
        try:
            with duckdb.connect() as connection:
                tables[name] = connection.sql(f"from {source}").to_arrow_table()
        except duckdb.Error as error:
            raise AuditError(f"Cannot read {path}: {first_line(error)}") from None
    return tables


def base(table: str) -> str:
    """The name of a table without its release."""
    return table.partition(RELEASE)[0]


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files and folders that are one table each."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise AuditError(f"There is no file {path}.")
        if _is_table(path):
            found.append(path)
        elif path.is_dir():
            inside = sorted(p for p in path.iterdir() if _is_table(p))
            if not inside:
                raise AuditError(f"The folder {path} has no CSV or Parquet file in it.")
            found.extend(inside)
        else:
            raise AuditError(f"{path} is no table; give {', '.join(SUFFIXES)} files.")
    return found


def _is_table(path: Path) -> bool:
    """Whether a path is one table."""
    if path.name.startswith((".", "_")):
        return False
    if not path.is_dir():
        return path.name.endswith(SUFFIXES)
    parts = (p for p in path.iterdir() if p.name.startswith("part-") or "=" in p.name)
    return path.name.endswith(".parquet") or any(parts)


def first_line(error: Exception) -> str:
    """The first line of a message, as a sentence."""
    return str(error).strip().splitlines()[0].rstrip(".") + "."


def as_arrow(name: str, table: object, measures: set[str]) -> pa.Table:
    """A table of any accepted type; measures of mixed types become text."""
    if isinstance(table, duckdb.DuckDBPyRelation):
        return table.to_arrow_table()
    if isinstance(table, pd.DataFrame):
        mixed = {
            column: table[column].map(_text, na_action="ignore")
            for column in table.columns
            if column in measures and table[column].dtype == object
        }
        try:
            return pa.Table.from_pandas(table.assign(**mixed), preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise AuditError(f"A column of {name} mixes types: {first_line(error)}") from None
    if isinstance(table, pa.Table):
        return table
    raise AuditError(f"Table {name} is a {type(table).__name__}, not a frame.")


def _text(value: object) -> str:
    """A value of a mixed column as text that says the same."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class Measure:
    """A measure as read: bounds of each row's value and whether it is hidden, shape (rows,)."""

    lower: FloatArray
    upper: FloatArray
    hidden: BoolArray
    prior: BoolArray


def read_measure(
    table: str, name: str, column: pa.ChunkedArray, tolerance: float, lowest_below: int
) -> Measure:
    """Bounds of the cells of one column.

    Args:
        table, name: For messages.
        column: Numbers, or text with numbers, nothing (hidden) and `<N` (hidden, below N).
        tolerance: Released values are at most so far from the true ones.
        lowest_below: The smallest value that `<N` can stand for.

    Raises:
        AuditError: If a value is not a count.
    """
    values = column.to_pandas()
    if values.dtype == object:
        codes, texts = pd.factorize(values, use_na_sentinel=True)
        table_of = np.array(
            [_bounds(table, name, str(text), tolerance, lowest_below) for text in texts]
            + [(0.0, np.inf, 1.0, 0.0)]
        )
        lower, upper, hidden, prior = table_of[codes].T
        return Measure(lower.copy(), upper.copy(), hidden > 0, prior > 0)
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    hidden = np.isnan(numbers)
    bad = ~hidden & ((numbers + tolerance < 0) | ((tolerance == 0) & (numbers % 1 != 0)))
    if bad.any():
        raise _no_count(table, name, f"{numbers[bad][0]:g}")
    lower = np.where(hidden, 0.0, np.maximum(0, np.ceil(numbers - tolerance)))
    upper = np.where(hidden, np.inf, np.floor(numbers + tolerance))
    return Measure(lower, upper, hidden, np.zeros(len(numbers), bool))


def _bounds(
    table: str, name: str, text: str, tolerance: float, lowest_below: int
) -> tuple[float, float, float, float]:
    """Lower, upper, whether hidden and whether by `<N`, of one text."""
    below = BELOW.fullmatch(text.strip())
    if below:
        upper = int(below.group(1)) - 1
        if upper < lowest_below:
            raise AuditError(
                f"{table}.{name} has the value {text}, and {text} cannot stand for "
                f"{lowest_below} or more."
            )
        return float(lowest_below), float(upper), 1.0, 1.0
    if not text.strip():
        return 0.0, np.inf, 1.0, 0.0
    try:
        number = float(text)
    except ValueError:
        raise _no_count(table, name, text) from None
    if number != number:
        return 0.0, np.inf, 1.0, 0.0
    if number + tolerance < 0 or np.isinf(number) or (tolerance == 0 and number % 1):
        raise _no_count(table, name, text)
    return max(0.0, np.ceil(number - tolerance)), np.floor(number + tolerance), 0.0, 0.0


def _no_count(table: str, name: str, text: str) -> AuditError:
    """The error for a value that is not a count."""
    return AuditError(
        f"{table}.{name} has the value {text}; a count is a whole number from 0, empty if it is "
        "withheld, or like <5."
    )
