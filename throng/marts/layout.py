"""Where the rows of a mart lie in a folder that Hive and Athena read: no server, no files here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Columns whose values are folders, outermost first, of marts that have them.
PARTITION_COLUMNS = ("period", "area_level")
FILE_NAME = "part-0.parquet"
#: What Hive takes for null.
_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
# Other characters are escaped in Hive's folders, or separate the values of a projection.
_FOLDER_VALUE = re.compile(r"[\w.-]+(?: +[\w.-]+)*")


@dataclass(frozen=True)
class Column:
    """A column of a mart.

    Attributes:
        name: as the server has it.
        kind: its type, as Hive writes it.
        comment: what it says, or "".
    """

    name: str
    kind: str
    comment: str = ""


@dataclass(frozen=True)
class Partition:
    """A column whose values are folders, with these values in order."""

    column: Column
    values: tuple[str, ...]


@dataclass(frozen=True)
class Mart:
    """A mart as it lies in files.

    Attributes:
        name: without its schema; the name of its folder.
        columns: those of the files, in order.
        partitions: those of the folders, outermost first.
        comment: what the mart says of itself, or "".
    """

    name: str
    columns: tuple[Column, ...]
    partitions: tuple[Partition, ...] = ()
    comment: str = ""

    @property
    def partition_names(self) -> tuple[str, ...]:
        """Names of the columns of the folders, outermost first."""
        return tuple(partition.column.name for partition in self.partitions)


def can_be_folder(value: object) -> bool:
    """Whether a value is the name of a folder as it stands, for Hive and for Athena."""
    return isinstance(value, str) and value != _NULL_FOLDER and bool(_FOLDER_VALUE.fullmatch(value))


def candidates_of(columns: Iterable[Column]) -> tuple[str, ...]:
    """Columns of a mart that may be folders, if their values allow it."""
    texts = {column.name for column in columns if column.kind == "string"}
    return tuple(name for name in PARTITION_COLUMNS if name in texts)


def mart_of(
    name: str,
    columns: Iterable[Column],
    values: dict[str, Iterable[object]],
    comment: str = "",
) -> Mart:
    """How a mart lies in folders.

    A column is divided by if every row has a value of it that can be a folder; else it stays in the
    files like any other.

    Args:
        name: of the mart.
        columns: all that it has, in order.
        values: of the columns that candidates_of names: those that occur, null among them.
        comment: of the mart.
    """
    columns = tuple(columns)
    by_name = {column.name: column for column in columns}
    partitions = tuple(
        Partition(by_name[column], tuple(sorted(found)))
        for column, found in ((column, list(values[column])) for column in candidates_of(columns))
        if all(map(can_be_folder, found))
    )
    divided = {partition.column.name for partition in partitions}
    return Mart(
        name, tuple(column for column in columns if column.name not in divided), partitions, comment
    )


def folder_of(names: Iterable[str], values: Iterable[str]) -> str:
    """The folder of a combination of values below that of the mart; "" where nothing divides."""
    return "/".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
