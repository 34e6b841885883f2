"""Copies of what is published: Parquet files, so that readers never open the warehouse.

    copies/current          the number of the copy that is in force
    copies/7/copy.json      what was in force when it was made; columns and files of each mart
    copies/7/<mart>/0.parquet

A file holds rows of one area level that name one mart (or none): the rows that a role may see are
whole files, so nothing else is in the folder that its tables read. Files of an earlier copy are
linked where a release only added periods: what it added is in files beside them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throng.files import replacing
from throng.serve.roles import Role

if TYPE_CHECKING:  # most commands only ask which copy is in force, and start without it
    import pyarrow as pa

LEVEL = "area_level"
#: The column of a table about marts (releases): which one a row is about.
ABOUT = "mart"
#: Begins the fingerprint of a copy without marts, which stands in until what is left is copied.
WITHDRAWING = "withdrawing"
_ROWS_OF_A_ROW_GROUP = 100_000


class CopyError(Exception):
    """A copy cannot be made or read; the message says why and what to do."""


@dataclass(frozen=True)
class CopiedFile:
    """A file of a mart, its area level, and the mart that its rows are about."""

    name: str
    level: str | None
    about: str | None


@dataclass(frozen=True)
class CopiedMart:
    """A mart in a copy.

    Attributes:
        columns: name, type and comment of each, in order.
        comment: what the mart says of itself.
        files: its files; together all its rows.
        periods: what of it is in force, as the ledger says: release, period, start of the period.
            Empty for what has no entry there, such as areas.
    """

    columns: tuple[tuple[str, str, str], ...]
    comment: str
    files: tuple[CopiedFile, ...]
    periods: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of its columns."""
        return [name for name, _, _ in self.columns]

    def files_for(self, role: Role) -> list[CopiedFile]:
        """The files whose rows a role may see."""
        has_level = LEVEL in self.names
        return [
            file
            for file in self.files
            if (not has_level or role.sees_level(file.level))
            and (file.about is None or role.sees_mart(file.about))
        ]

    def is_for(self, role: Role, name: str) -> bool:
        """Whether the mart of this name is there for a role at all.

        A role that is held to some levels sees no mart with areas whose level is not said.
        """
        has_areas = any(column.endswith("area_id") for column in self.names)
        is_by_level = LEVEL in self.names or not has_areas
        return role.sees_mart(name) and (role.area_levels is None or is_by_level)


@dataclass(frozen=True)
class Copy:
    """A copy of all marts.

    Attributes:
        number: copies are numbered as they are made.
        fingerprint: what was in force.
        marts: by name.
    """

    number: int
    fingerprint: str
    marts: dict[str, CopiedMart] = field(default_factory=dict)

    @property
    def n_withdrawn(self) -> int:
        """How many entries of the ledger were withdrawn."""
        return n_withdrawn(self.fingerprint)

    @property
    def is_withdrawing(self) -> bool:
        """Whether it only takes everything out of sight, until what is left has been copied."""
        return self.fingerprint.startswith(WITHDRAWING)


def n_withdrawn(fingerprint: str) -> int:
    """How many entries of the ledger were withdrawn, by the fingerprint of a copy."""
    number = fingerprint.rpartition("withdrawn:")[2]
    return int(number) if number.isdigit() else 0


def current_number(copies: Path) -> int | None:
    """The number of the copy in force; None before the first.

    Raises:
        CopyError: the file that says it is not understood.
    """
    try:
        text = (copies / "current").read_text()
    except FileNotFoundError:
        return None
    if not text.strip().isdigit():
        raise CopyError(
            f"{copies / 'current'} is not understood: remove it, and make a copy again."
        )
    return int(text)


def copy_in_force(copies: Path) -> Copy:
    """The copy that readers see.

    Raises:
        CopyError: there is none yet, or it cannot be read.
    """
    number = current_number(copies)
    if number is None:
        raise CopyError(f"There is no copy in {copies}.")
    return read_copy(copies, number)


def read_copy(copies: Path, number: int) -> Copy:
    """A copy, by its number.

    Raises:
        CopyError: it is not there.
    """
    try:
        told = json.loads((copies / str(number) / "copy.json").read_text())
        return Copy(number, told["fingerprint"], {k: mart_of(v) for k, v in told["marts"].items()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CopyError(
            f"The copy {copies / str(number)} cannot be read ({type(error).__name__})."
        ) from None


def mart_of(told: dict[str, Any]) -> CopiedMart:
    """A mart from asdict(mart), as it comes back from JSON."""
    columns = tuple((name, kind, comment) for name, kind, comment in told["columns"])
    files = tuple(CopiedFile(**file) for file in told["files"])
    return CopiedMart(columns, told["comment"], files, tuple(map(tuple, told["periods"])))


class NewCopy:
    """A copy that is being made: readers see it once it is put in force.

    Args:
        copies: the folder of all copies; made if missing.
    """

    def __init__(self, copies: Path) -> None:
        copies.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._copies = copies
        self.number = 1 + max(_numbers(copies), default=0)
        self.folder = copies / str(self.number)
        self.folder.mkdir(mode=0o700)
        self._marts: dict[str, CopiedMart] = {}

    def add(
        self,
        name: str,
        rows: pa.Table,
        columns: list[tuple[str, str, str]],
        comment: str = "",
        periods: Iterable[tuple[str, str, str]] = (),
        kept: tuple[int, CopiedMart] | None = None,
    ) -> None:
        """Write a mart.

        Args:
            name: without its schema.
            rows: all its rows, or those that are not in what is kept.
            columns: name, type (as Hive writes it) and comment of each.
            comment: what it says of itself.
            periods: what of it is in force.
            kept: the number of an earlier copy, and the mart there, whose rows are all still right.
        """
        import pyarrow.parquet as pq

        folder = self.folder / name
        folder.mkdir(mode=0o700)
        files = []
        for file in kept[1].files if kept else ():
            source = self._copies / str(kept[0]) / name / file.name
            (folder / file.name).hardlink_to(source)
            files.append(file)
        for level, about, part in _parts(rows):
            file = CopiedFile(f"{len(files)}.parquet", level, about)
            path = folder / file.name
            pq.write_table(part, path, compression="zstd", row_group_size=_ROWS_OF_A_ROW_GROUP)
            path.chmod(0o600)
            files.append(file)
        self._marts[name] = CopiedMart(
            tuple(columns), comment, tuple(files), tuple(sorted(periods))
        )

    def put_in_force(self, fingerprint: str) -> Copy:
        """Let readers have it, and remove copies older than the last one."""
        copy = Copy(self.number, fingerprint, self._marts)
        text = json.dumps(
            {
                "fingerprint": fingerprint,
                "marts": {name: asdict(mart) for name, mart in self._marts.items()},
            },
            indent=1,
        )
        (self.folder / "copy.json").write_text(text)
        (self.folder / "copy.json").chmod(0o600)
        with replacing(self._copies / "current") as unfinished:
            unfinished.write_text(f"{self.number}\n")
            unfinished.chmod(0o600)
        for number in _numbers(self._copies):
            # The one before may just be read.
            if number < self.number - 1:
                shutil.rmtree(self._copies / str(number))
        return copy

    def give_up(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _numbers(copies: Path) -> list[int]:
    return [int(path.name) for path in copies.iterdir() if path.name.isdigit()]


def _parts(rows: pa.Table) -> list[tuple[str | None, str | None, pa.Table]]:
    """The rows of each level and each mart they are about."""
    import pyarrow.compute as pc

    keys = [name for name in (LEVEL, ABOUT) if name in rows.column_names]
    if not keys:
        return [(None, None, rows)]
    parts = []
    for found in rows.select(keys).group_by(keys).aggregate([]).to_pylist():
        mask = None
        for name in keys:
            column = rows[name]
            is_it = pc.is_null(column) if found[name] is None else pc.equal(column, found[name])
            is_it = pc.fill_null(is_it, False)
            mask = is_it if mask is None else pc.and_(mask, is_it)
        parts.append((found.get(LEVEL), found.get(ABOUT), rows.filter(mask)))
    return parts
