"""One run of `throng areas import` or `throng sites import`: read, check, write all or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from throng.geography import landed
from throng.geography.areas import MOST_OF, Area, AreaColumns, Read, areas_of, with_parents
from throng.geography.country import Country
from throng.geography.landed import LandedArea
from throng.geography.outlines import area_km2_of, boundary_of, centroid_of
from throng.geography.problems import GeographyError, Remark
from throng.geography.sites import (
    ReadSites,
    SiteSettings,
    Source,
    sites_of,
    source_of_layer,
    source_of_table,
)
from throng.geography.tables import open_table
from throng.geography.vector import Layer, read_layer, system_of

Progress = Callable[[str, int, int], None]
#: Files whose features have geometry; every other file is a table.
_VECTOR = {".shp", ".zip", ".gpkg", ".geojson", ".json"}


@dataclass(frozen=True)
class Reading:
    """How files are to be read.

    Attributes:
        layer: of a file with several layers or sheets.
        crs: the coordinate system; that of the file where none is given.
        encoding: of texts.
        delimiter, has_header: of CSV files.
    """

    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool = True


@dataclass
class AreasDone:
    """What a run has done with boundaries.

    Attributes:
        read: areas, problems, repairs and notes; written only where there is no problem.
        layers: the files.
        path: where they are written.
        n_replaced: areas of that file before; none where it is new.
        orphans: areas of other levels whose parent is no longer there, by level.
    """

    read: Read
    layers: list[Layer]
    path: Path
    n_replaced: int | None = None
    orphans: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class SitesDone:
    """What a run has done with sites.

    Attributes:
        read: sites, problems and notes.
        how: how each file was read, in a few words.
        path, left_out: where sites and rows without a place among them are written.
        is_written: whether they were.
        n_replaced: whether the file was there before.
        n_areas: boundaries that the places were compared with.
        others: other files of cell_sites/.
    """

    read: ReadSites
    how: dict[str, str]
    path: Path
    left_out: Path
    is_written: bool = False
    is_replaced: bool = False
    n_areas: int = 0
    others: list[str] = field(default_factory=list)


def import_areas(
    files: Sequence[Path],
    landing: Path,
    level: str,
    columns: AreaColumns,
    *,
    parent_level: str | None = None,
    source: str = "",
    prefix: str = "",
    reading: Reading,
    progress: Progress = lambda *_: None,
) -> AreasDone:
    """Write one level of the list of areas, if nothing is wrong with it.

    Raises:
        GeographyError: a file or an option is wrong as a whole.
    """
    _check_levels(level, parent_level)
    path = landing / "areas" / f"{level}.csv"
    landed.refuse_other_columns(path.parent, landed.WRITTEN_OF_AREA)
    before = landed.landed_areas(landing)
    others = [area for area in before if area.file != path.name]
    _refuse_level_elsewhere(before, level, path.name)
    parents = _boundaries_of(others, parent_level) if parent_level else {}
    layers = _layers(files, reading)
    read = areas_of(layers, level, columns, prefix=prefix, progress=progress)
    level_of = {area.area_id: area.area_level for area in others}
    for area_id in read.ids.keys() & level_of.keys():
        text = f"its id is also that of an area of {level_of[area_id]}: tell them apart by "
        read.problems.extend(
            replace(remark, text=text + "--id-prefix", label=area_id)
            for remark in read.ids[area_id]
        )
    if parent_level:
        read.areas, without = with_parents(read.areas, parents, parent_level, progress)
        read.problems.extend(without)
        read.notes.extend(
            area.remark(f"only {area.share:.0%} of it lies in {area.parent_area_id}, its parent")
            for area in read.areas
            if area.share < MOST_OF
        )
    own = [area for area in before if area.file == path.name]
    done = AreasDone(read, layers, path, len(own) if path.exists() else None)
    if not read.problems:
        landed.write_rows(
            path, landed.WRITTEN_OF_AREA, (_row_of(area, source) for area in read.areas)
        )
        done.orphans = _orphans(others, own, {area.area_id for area in read.areas})
    return done


def _check_levels(level: str, parent_level: str | None) -> None:
    for option, name in (("--level", level), ("--parent-level", parent_level)):
        if name is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise GeographyError(f"{option} is '{name}': give a word such as admin2.")
    if level == parent_level:
        raise GeographyError(f"--level and --parent-level are both {level}.")


def _refuse_level_elsewhere(before: Sequence[LandedArea], level: str, own: str) -> None:
    """Raise an error where a level is in another file, or its file has another level."""
    for area in before:
        if (area.area_level == level) != (area.file == own):
            raise GeographyError(
                f"areas/{area.file} has areas of {area.area_level} already. Take it out of the "
                "folder, then import."
            )


def _boundaries_of(areas: Sequence[LandedArea], level: str) -> dict[str, BaseGeometry]:
    """The boundaries of a level that has landed."""
    of_level = [area for area in areas if area.area_level == level]
    if not of_level:
        levels = sorted({area.area_level for area in areas})
        there = f"it has {', '.join(levels)}" if levels else "it has no levels yet"
        raise GeographyError(
            f"areas/ has no areas of {level} ({there}). Import them first: throng areas import "
            f"FILE --level {level} ..."
        )
    found = {area.area_id: boundary_of(area.geometry) for area in of_level}
    without = sorted(name for name, shape in found.items() if shape is None)
    if without:
        raise GeographyError(
            f"{len(without):,} areas of {level} have no boundary in areas/, for example "
            f"{without[0]}; parents are found by boundaries. Import {level} first."
        )
    return {name: shape for name, shape in found.items() if shape is not None}


def _layers(files: Sequence[Path], reading: Reading) -> list[Layer]:
    """All files of boundaries; what is wrong with each of them, at once."""
    layers, sentences = [], []
    for file, label in _labelled(files):
        try:
            layer = read_layer(
                file, layer=reading.layer, crs=reading.crs, encoding=reading.encoding
            )
            layers.append(replace(layer, file=label))
        except GeographyError as error:
            sentences.append(str(error))
    if sentences:
        raise GeographyError(" ".join(dict.fromkeys(sentences)))
    return layers


def _labelled(files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Files, each with what it is called: its name, and its folder too where two share a name."""
    names = Counter(file.name for file in files)
    return [(file, file.name if names[file.name] == 1 else str(file)) for file in files]


def _row_of(area: Area, source: str) -> tuple[object, ...]:
    """A row of the list of areas, by landed.WRITTEN_OF_AREA."""
    return (
        *(area.area_id, area.area_level, area.area_name, area.parent_area_id, area.population),
        *(shapely.to_wkb(area.shape, hex=True), source),
        *(*centroid_of(area.shape), area_km2_of(area.shape)),
    )


def _orphans(
    others: Sequence[LandedArea], before: Sequence[LandedArea], now: set[str]
) -> dict[str, list[str]]:
    """Areas of other levels whose parent was one of this file and is no more."""
    gone = {area.area_id for area in before} - now
    found: dict[str, list[str]] = {}
    for area in others:
        if area.parent_area_id in gone:
            found.setdefault(area.area_level, []).append(area.area_id)
    return found


def import_sites(
    files: Sequence[Path],
    landing: Path,
    settings: SiteSettings,
    *,
    reading: Reading,
    leave_out: bool = False,
    progress: Progress = lambda *_: None,
) -> SitesDone:
    """Write a list of cells, if nothing is wrong with it or the rest may be left out.

    Raises:
        GeographyError: a file or an option is wrong as a whole.
    """
    folder = landing / "cell_sites"
    name = f"sites-{settings.valid_from}" if settings.valid_from else "sites"
    path, left_out = folder / f"{name}.csv", folder / f"_left_out_of_{name}.csv"
    landed.refuse_other_columns(folder, landed.WRITTEN_OF_SITE)
    areas = landed.landed_areas(landing)
    shapes = [shape for area in areas if (shape := boundary_of(area.geometry)) is not None]
    settings = replace(
        settings,
        country=Country(shapes) if shapes else None,
        area_ids=frozenset(area.area_id for area in areas),
    )
    with ExitStack() as open_files:
        sources, how = _sources(files, reading, open_files)
        read = sites_of(sources, settings, progress)
    done = SitesDone(read, how, path, left_out, n_areas=len(shapes), is_replaced=path.exists())
    done.others = [file.name for file in landed.files_of(folder) if file != path]
    if read.sites and (leave_out or not read.problems):
        landed.write_rows(path, landed.WRITTEN_OF_SITE, (site.values() for site in read.sites))
        done.is_written = True
        left_out.unlink(missing_ok=True)
        if read.problems:
            landed.write_rows(
                left_out,
                ("file", "row", "cell_id", "longitude", "latitude", "reason"),
                map(_row_left_out, read.problems),
            )
    return done


def _sources(
    files: Sequence[Path], reading: Reading, open_files: ExitStack
) -> tuple[list[Source], dict[str, str]]:
    """All files of sites; what is wrong with each of them, at once."""
    sources, how, sentences = [], {}, []
    system = system_of(reading.crs) if reading.crs else None
    for file, label in _labelled(files):
        try:
            if not file.exists():
                raise GeographyError(f"{file} does not exist.")
            if file.is_dir():
                raise GeographyError(f"{file.name} is a folder; name a file in it.")
            if file.suffix.lower() in _VECTOR:
                layer = read_layer(
                    file, layer=reading.layer, crs=reading.crs, encoding=reading.encoding
                )
                sources.append(source_of_layer(replace(layer, file=label)))
                how[label] = ", ".join(layer.said)
            else:
                table = open_files.enter_context(
                    open_table(
                        file,
                        delimiter=reading.delimiter,
                        encoding=reading.encoding,
                        has_header=reading.has_header,
                        sheet=reading.layer,
                    )
                )
                table.file = label  # before its rows are read
                sources.append(source_of_table(table, system))
                how[label] = table.said + (f", {reading.crs}" if reading.crs else "")
        except GeographyError as error:
            sentences.append(str(error))
    if sentences:
        raise GeographyError(" ".join(sentences))
    return sources, how


def _row_left_out(remark: Remark) -> tuple[object, ...]:
    return (remark.file, remark.row, remark.label, *remark.written, remark.text)
