"""The columns of Parquet files, and how Spark is to read them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from pyarrow import parquet as pq

from throng.landing.feeds import Feed, key
from throng.landing.problems import LandingError
from throng.landing.texts import require_columns

_SIMPLE = {
    pa.string(): "string",
    pa.large_string(): "string",
    pa.string_view(): "string",
    # Impala writes texts without saying that they are.
    pa.binary(): "string",
    pa.large_binary(): "string",
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20, 0)",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
}
# Types of which Spark reads one as the next: a file may hold the smaller one.
_WIDER = [["tinyint", "smallint", "int", "bigint"], ["float", "double"]]
# What Spark reads -> what the values are, for times.
_SPARK_TYPES = {
    "nanoseconds": "bigint",
    "nanosecond_instant": "bigint",
    "instant": "timestamp",
    "int96": "timestamp",
}


@dataclass
class Column:
    """A column of Parquet files.

    Attributes:
        name: as Spark finds it.
        kind: a type of Spark; nothing, where there are neither values nor a type; or of times:
            nanoseconds (a number), instant, nanosecond_instant, int96 (the wall-clock time as it
            stands in the file).
    """

    name: str
    kind: str

    @property
    def sql_type(self) -> str:
        """The type by which Spark reads it."""
        return _SPARK_TYPES.get(self.kind, self.kind)


def read_columns(feed: Feed, file: str, stream: pa.NativeFile, zone: str | None) -> list[Column]:
    """The columns of a Parquet file that its feed uses.

    Args:
        feed: of the file.
        file: path in the landing folder.
        stream: the open file.
        zone: the time zone of the study, if somebody has said it.

    Raises:
        LandingError: it cannot be read.
    """
    try:
        with pq.ParquetFile(stream) as parquet:
            schema, columns = parquet.schema_arrow, parquet.schema
            names = schema.names
            # Spark and Hive store instants as INT96; Impala and Arrow store what the clock showed.
            is_of_spark = (parquet.metadata.created_by or "").startswith("parquet-mr")
            physical = {
                columns.column(n).path: columns.column(n).physical_type for n in range(len(columns))
            }
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise LandingError(
            f"is not a whole Parquet file ({reason}). Fetch it again.", file
        ) from None
    known = {}
    for name in names:
        known.setdefault(key(name), name)
    require_columns(feed, file, names, known)
    used = []
    for ours in feed.columns:
        for name in feed.sources(ours, known):
            column = schema.field(names.index(name))
            kind = _kind(column.type, physical.get(name), is_of_spark)
            _check(file, ours, column, kind, zone)
            used.append(Column(name, kind))
    return used


def _check(file: str, ours: str, column: pa.Field, kind: str | None, zone: str | None) -> None:
    """Raise an error where a column cannot be read rightly."""
    if kind is None:
        raise LandingError(
            f"has in column '{column.name}' the type {column.type}, which cannot be read here; "
            "write it as text, a number, a date or a timestamp.",
            file,
        )
    # As double a whole number has all its digits (2^53); pandas writes numbers so where some lack.
    if ours.endswith("_id") and pa.types.is_floating(column.type) and kind != "double":
        raise LandingError(
            f"has identifiers in column '{column.name}' as {column.type}, which loses digits and "
            "leading zeros; write them as text.",
            file,
        )
    if kind in ("instant", "nanosecond_instant") and not zone:
        raise LandingError(
            f"has instants in column '{column.name}' (times that say how far they are from UTC). "
            "Set the var study_timezone to the zone of the study, such as Africa/Nairobi, or to "
            "UTC for the times as they stand in the file.",
            file,
        )


def merge(columns: dict[str, Column], file: str, found: list[Column]) -> None:
    """Add the columns of one more file to those of the others.

    Raises:
        LandingError: one has another type.
    """
    for column in found:
        known = columns.setdefault(key(column.name), column)
        if known.kind == column.kind:
            continue
        for types in _WIDER:
            if known.kind in types and column.kind in types:
                known.kind = max(known.kind, column.kind, key=types.index)
                break
        else:
            if "nothing" in (known.kind, column.kind):
                has, others = (
                    ("without a value and a type", f"as {known.kind}")
                    if column.kind == "nothing"
                    else (f"as {column.kind}", "without a value and a type")
                )
                raise LandingError(
                    f"has column '{column.name}' {has}, but other files have it {others}; write it "
                    "with its type in all.",
                    file,
                )
            raise LandingError(
                f"has column '{column.name}' as {column.kind.replace('_', ' ')}, but other files "
                f"have it as {known.kind.replace('_', ' ')}; write it the same way in all.",
                file,
            )


def _kind(arrow_type: pa.DataType, physical: str | None, is_of_spark: bool) -> str | None:
    """What the values of a column are; None for what no column of ours can be."""
    if pa.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if pa.types.is_null(arrow_type):
        return "nothing"
    if physical == "INT96":
        return "instant" if is_of_spark else "int96"
    if pa.types.is_timestamp(arrow_type):
        # Spark reads nanoseconds as a number (spark.sql.legacy.parquet.nanosAsLong).
        if arrow_type.unit == "ns":
            return "nanosecond_instant" if arrow_type.tz else "nanoseconds"
        return "instant" if arrow_type.tz else "timestamp_ntz"
    if pa.types.is_decimal(arrow_type):
        return f"decimal({arrow_type.precision}, {arrow_type.scale})"
    return _SIMPLE.get(arrow_type)
