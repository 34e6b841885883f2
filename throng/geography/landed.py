"""What lies in areas/ and cell_sites/ of the landing folder, and writing more into them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from throng.files import replacing
from throng.geography.problems import GeographyError, named
from throng.landing.feeds import AREA_COLUMNS, CELL_SITE_COLUMNS
from throng.landing.files import is_hidden

#: What is written of an area. The last three are for reading: a build works them out of the
#: geometry itself, by the same functions.
WRITTEN_OF_AREA = (*AREA_COLUMNS, "centroid_longitude", "centroid_latitude", "area_km2")
WRITTEN_OF_SITE = tuple(CELL_SITE_COLUMNS)
_LONGEST_FIELD = 2**31 - 1


@dataclass(frozen=True)
class LandedArea:
    """A row of a list of areas.

    Attributes:
        file: its name in areas/.
    """

    area_id: str
    area_level: str
    parent_area_id: str
    geometry: str
    file: str


def files_of(folder: Path) -> list[Path]:
    """Files that a build reads: all, at any depth, that are not hidden."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(map(is_hidden, path.relative_to(folder).parts))
    )


def refuse_other_columns(folder: Path, columns: Sequence[str]) -> None:
    """Raise an error where files of a folder could not be read together with ours.

    A file of the name of ours but with other columns is somebody's own, and not to be replaced.
    """
    for path in files_of(folder):
        name = f"{folder.name}/{path.relative_to(folder)}"
        found = _header(path)
        if found is None:
            raise GeographyError(
                f"{name} is no plain CSV file, and files of one folder need the same form. Take it "
                "out of the folder, then import."
            )
        if found and tuple(found) != tuple(columns):
            raise GeographyError(
                f"{name} has the columns {named(found)}, and CSV files of one folder need the same "
                f"({named(columns)}). Take it out of the folder, then import."
            )


def _header(path: Path) -> list[str] | None:
    """The names of a CSV file's columns; none where it is something else."""
    if path.suffix.lower() in (".parquet", ".gz"):
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error):
        return None


def landed_areas(landing: Path) -> list[LandedArea]:
    """The list of areas that has landed, in any form that a build reads.

    Raises:
        GeographyError: a file of it cannot be read.
    """
    folder = landing / "areas"
    areas = []
    for path in files_of(folder):
        name = str(path.relative_to(folder))
        rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
        for row in rows:
            fields = {str(key).strip().lower(): value for key, value in row.items() if key}
            values = [
                str(fields.get(column) or "").strip()
                for column in ("area_id", "area_level", "parent_area_id", "geometry")
            ]
            if values[0]:
                areas.append(LandedArea(*values, file=name))
    return areas


def _csv(path: Path) -> Iterable[dict[str, object]]:
    csv.field_size_limit(_LONGEST_FIELD)  # a boundary is one field
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
        raise GeographyError(f"areas/{path.name} cannot be read as CSV: {error}.") from None


def _parquet(path: Path) -> Iterable[dict[str, object]]:
    import pyarrow as pa
    from pyarrow import parquet as pq

    try:
        return pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise GeographyError(f"areas/{path.name} cannot be read: {error}.") from None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file of a landing folder, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(path) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
