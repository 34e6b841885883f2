"""`throng areas import` and `throng sites import`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from throng.errors import fail
from throng.geography.problems import GeographyError, Remark, listed

if TYPE_CHECKING:
    from throng.geography.imports import AreasDone, SitesDone

#: Lines of repairs and notes that are printed of each sort.
MOST_NOTES = 10

areas = typer.Typer(
    help="The list of areas: import boundaries from GIS files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
sites = typer.Typer(
    help="The list of cells: import cells and sites from tables and GIS files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Landing = Annotated[
    Path, typer.Option(envvar="THRONG_LANDING", help="Landing folder to write into.")
]
Files = Annotated[list[Path], typer.Argument(help="One file or several.", metavar="FILE...")]
Crs = Annotated[
    str | None,
    typer.Option(help="Coordinate system, such as EPSG:32629. [default: what the file says]"),
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Encoding of texts, such as cp1252. [default: what the file says, or UTF-8]"),
]
Column = str | None


@areas.command("import")
def import_areas(
    files: Files,
    level: Annotated[str, typer.Option(help="The area level of these boundaries, as admin2.")],
    id_column: Annotated[
        list[str],
        typer.Option(help="Column of the id. Several are joined by hyphens, in their order."),
    ],
    name_column: Annotated[str, typer.Option(help="Column of the name.")],
    parent_level: Annotated[
        str | None,
        typer.Option(help="Level around this one, imported before: parents by largest overlap."),
    ] = None,
    population_column: Annotated[
        Column, typer.Option(help="Column of the number of inhabitants.")
    ] = None,
    source: Annotated[str, typer.Option(help="Who made the boundaries; maps show it.")] = "",
    id_prefix: Annotated[
        str, typer.Option(help="What every id is to begin with, where levels share ids.")
    ] = "",
    layer: Annotated[
        str | None, typer.Option(help="Layer of a GeoPackage, file of a .zip with several.")
    ] = None,
    crs: Crs = None,
    encoding: Encoding = None,
    landing: Landing = Path("data/landing"),
) -> None:
    """Write one level of areas/ from a Shapefile (or its .zip), GeoPackage or GeoJSON.

    Coarse levels first: admin1, then admin2 with --parent-level admin1. A level that is imported
    again replaces what was there of it. If anything is wrong, all of it is listed and nothing is
    written; only rings that cross themselves are repaired, and said.
    """
    # Not at the top: GDAL takes half a second, which `--help` can do without.
    from throng.geography import imports
    from throng.geography.areas import AreaColumns

    _require_local(landing)
    try:
        done = imports.import_areas(
            files,
            landing,
            level,
            AreaColumns(tuple(id_column), name_column, population_column),
            parent_level=parent_level,
            source=" ".join(source.split()),
            prefix=id_prefix,
            reading=imports.Reading(layer=layer, crs=crs, encoding=encoding),
            progress=_progress,
        )
    except (GeographyError, OSError) as error:
        _clear()
        fail(_said(error))
    _clear()
    problems = done.read.problems
    written = [] if problems else [*_areas_written(done, level, parent_level)]
    _print([*_areas_read(done), *written])
    if problems:
        n_features = sum(len(layer) for layer in done.layers)
        n_wrong = len({(remark.file, remark.row) for remark in problems})
        _refuse(
            f"{n_wrong:,} of {n_features:,} features cannot be areas of {level}; nothing was "
            "written:",
            listed(problems),
        )


def _areas_read(done: AreasDone) -> Iterator[Line]:
    for layer in done.layers:
        yield Line("Read", layer.file, len(layer), "features", ", ".join(layer.said))
    if done.read.repairs:
        yield Line("Repaired", "", len(done.read.repairs), "features")
        yield from listed(done.read.repairs, MOST_NOTES)


def _areas_written(done: AreasDone, level: str, parent_level: str | None) -> Iterator[Line | str]:
    read = done.read
    if parent_level:
        least = min(read.areas, key=lambda area: (area.share, area.area_id))
        note = f"of {parent_level}; the least overlap is {least.share:.1%}, of {least.area_id}"
        parents = {area.parent_area_id for area in read.areas}
        yield Line("Parents", "", len(parents), "areas", note)
    if read.notes:
        yield Line("Look", "", len(read.notes), "areas")
        yield from listed(read.notes, MOST_NOTES)
    if any(area.population for area in read.areas):
        people = round(sum(float(area.population or 0) for area in read.areas))
        empty = sum(not area.population for area in read.areas)
        yield Line("People", "", people, "people", f"{empty:,} areas without a number")
    replaced = "" if done.n_replaced is None else f"instead of {done.n_replaced:,} before"
    yield Line("Written", str(done.path), len(read.areas), f"areas of {level}", replaced)
    for other, names in done.orphans.items():
        note = f"of {other} have a parent that is gone, as {names[0]}: import {other} again"
        yield Line("Look", "", len(names), "areas", note)


@sites.command("import")
def import_sites(
    files: Files,
    cell_id_column: Annotated[
        list[str] | None,
        typer.Option(help="Column of the cell. Several are joined by hyphens: lac and ci."),
    ] = None,
    longitude_column: Annotated[
        Column, typer.Option(help="Column of the longitude, or the easting with --crs.")
    ] = None,
    latitude_column: Annotated[
        Column, typer.Option(help="Column of the latitude, or the northing with --crs.")
    ] = None,
    site_id_column: Annotated[Column, typer.Option(help="Column of the site.")] = None,
    area_id_column: Annotated[Column, typer.Option(help="Column of the area.")] = None,
    azimuth_column: Annotated[
        Column, typer.Option(help="Column of the direction, in degrees from north.")
    ] = None,
    technology_column: Annotated[Column, typer.Option(help="Column of the technology.")] = None,
    valid_from_column: Annotated[
        Column, typer.Option(help="Column of the first date at this place.")
    ] = None,
    valid_to_column: Annotated[
        Column, typer.Option(help="Column of the first date after it.")
    ] = None,
    valid_from: Annotated[
        str,
        typer.Option(help="First date, YYYY-MM-DD, of this delivery: kept beside earlier ones."),
    ] = "",
    date_format: Annotated[
        str | None, typer.Option(help="Of dates, such as %d/%m/%Y. [default: YYYY-MM-DD]")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of CSV files. [default: guessed, and said]")
    ] = None,
    no_header: Annotated[
        bool, typer.Option("--no-header", help="Columns are column_1, column_2, ...")
    ] = False,
    layer: Annotated[
        str | None, typer.Option(help="Sheet of a workbook, layer of a GeoPackage.")
    ] = None,
    crs: Crs = None,
    encoding: Encoding = None,
    outside_km: Annotated[
        float, typer.Option(help="Further from the areas a site is outside the country.")
    ] = 2.0,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Write the rest, and a list of what is left out.")
    ] = False,
    landing: Landing = Path("data/landing"),
) -> None:
    """Write cell_sites/ from a table or points: one row for each cell, or each site.

    CSV, workbooks, GeoJSON, GeoPackage, Shapefile, and dumps of OpenCelliD. Coordinates are decimal
    degrees (8.484 or 8,484), degrees, minutes and seconds (8°29'2.4"N, 0836.5S), or with --crs
    those of a projection. If a row has no place, or one that cannot be right, all such rows are
    listed and nothing is written; none is guessed.
    """
    from throng.geography import imports
    from throng.geography.sites import SiteColumns, SiteSettings

    _require_local(landing)
    columns = SiteColumns(
        cell_id=tuple(cell_id_column or ()),
        site_id=site_id_column,
        longitude=longitude_column,
        latitude=latitude_column,
        area_id=area_id_column,
        azimuth=azimuth_column,
        technology=technology_column,
        valid_from=valid_from_column,
        valid_to=valid_to_column,
    )
    try:
        settings = SiteSettings(columns, date_format, _date(valid_from), outside_km=outside_km)
        done = imports.import_sites(
            files,
            landing,
            settings,
            reading=imports.Reading(layer, crs, encoding, _delimiter(delimiter), not no_header),
            leave_out=leave_out,
            progress=_progress,
        )
    except (GeographyError, OSError) as error:
        _clear()
        fail(_said(error))
    _clear()
    written = [*_sites_written(done)] if done.is_written else []
    _print([*_sites_read(done, outside_km), *written])
    if not done.is_written:
        n_rows = sum(done.read.n_rows.values())
        if not n_rows:
            fail("There are no rows; nothing was written.")
        advice = "Mend them" + ("" if leave_out else ", or say --leave-out to write the others")
        _refuse(
            f"{len(done.read.problems):,} of {n_rows:,} rows cannot be used; nothing was written. "
            f"{advice}:",
            [*_by_kind(done.read.problems), *listed(done.read.problems)],
        )


def _sites_read(done: SitesDone, outside_km: float) -> Iterator[Line | str]:
    for file, n_rows in done.read.n_rows.items():
        yield Line("Read", file, n_rows, "rows", done.how[file])
        yield f"  {done.read.said[file]}"
    if done.n_areas:
        note = f"a site more than {outside_km:g} km away from all is outside"
        yield Line("Compared", "", done.n_areas, "areas", note)
    else:
        yield Line("Compared", "", 0, "areas", "none in areas/: what is outside is not known")
    for kind, remarks in _grouped(done.read.notes):
        yield Line("Look", "", len(remarks), "rows", kind)
        yield from listed(remarks, MOST_NOTES)


def _sites_written(done: SitesDone) -> Iterator[Line | str]:
    read = done.read
    if read.n_equal:
        yield Line("Equal", "", read.n_equal, "rows", "say what another row says: written once")
    if read.problems:
        yield Line("Left out", str(done.left_out), len(read.problems), "rows")
        yield from _by_kind(read.problems)
        yield from listed(read.problems, MOST_NOTES)
    cells = len({site.cell_id for site in read.sites})
    places = len({(site.x, site.y) for site in read.sites if site.x is not None})
    replaced = "; instead of the file before" if done.is_replaced else ""
    note = f"{cells:,} cells at {places:,} places{replaced}"
    yield Line("Written", str(done.path), len(read.sites), "rows", note)
    if done.others:
        others = ", ".join(done.others)
        yield Line("Beside", others, len(done.others), "files", "a build reads them too")


def _grouped(remarks: list[Remark]) -> Iterator[tuple[str, list[Remark]]]:
    """Remarks by kind, those of which there are most first."""
    for kind, _ in Counter(remark.kind for remark in remarks).most_common():
        yield kind, [remark for remark in remarks if remark.kind == kind]


def _by_kind(remarks: list[Remark]) -> Iterator[str]:
    for kind, same in _grouped(remarks):
        yield f"{len(same):>9,}  {kind}"


@dataclass(frozen=True)
class Line:
    """A line of what was done: to which file, how many of what, and what is to be said of it."""

    word: str
    name: str
    count: int
    unit: str
    note: str = ""


def _print(lines: Sequence[Line | str]) -> None:
    """Print lines as a table, those that are text as they are."""
    rows = [line for line in lines if isinstance(line, Line)]
    names = max((len(row.name) for row in rows), default=0)
    counts = max((len(f"{row.count:,}") for row in rows), default=0)
    units = max((len(row.unit) for row in rows), default=0)
    for line in lines:
        if isinstance(line, Line):
            begin = f"{line.word:<10}{line.name:<{names}}  {line.count:>{counts},}"
            typer.echo(f"{begin} {line.unit:<{units}}  {line.note}".rstrip())
        else:
            typer.echo(line)


def _refuse(sentence: str, lines: Iterable[str]) -> NoReturn:
    """End with a sentence and all that it speaks of."""
    typer.echo("\n".join(["", f"Error: {sentence}", *lines]), err=True)
    raise typer.Exit(1)


def _delimiter(text: str | None) -> str | None:
    """The delimiter of an option, which may be a word or what a shell makes of a tab."""
    words = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "space": " "}
    if text is None:
        return None
    found = words.get(text, text)
    if len(found) != 1:
        raise GeographyError(f"--delimiter is '{text}': give one character, or the word tab.")
    return found


def _date(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise GeographyError(f"--valid-from is '{text}': give a date such as 2020-04-01.") from None


def _require_local(folder: Path) -> None:
    """THRONG_LANDING may be the address of a cluster's store; a Path has lost one slash."""
    if ":/" in str(folder):
        fail(f"--landing must be a folder on this machine, not {folder}.")


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _progress(what: str, done: int, total: int) -> None:
    """One line that is written over, on a terminal; elsewhere nothing."""
    if sys.stderr.isatty() and (done % 100 == 0 or done == total):
        of = f" of {total:,}" if total else ""
        typer.echo(f"\r\033[K  {what}: {done:,}{of}", err=True, nl=False)


def _clear() -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
