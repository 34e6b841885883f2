"""Rows of cells or sites, as people have them, as rows of the list of cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyproj
import shapely

from throng.geography.areas import JOINED_BY, text_of
from throng.geography.country import Country
from throng.geography.dms import LATITUDE, LONGITUDE, Axis, Unreadable, parse_degrees, parse_metres
from throng.geography.problems import GeographyError, Remark, named
from throng.geography.tables import Table
from throng.geography.vector import Layer, to_degrees

Progress = Callable[[str, int, int], None]
#: Further from the boundaries than this a site is outside the country: the distance within which
#: a cell belongs to the nearest area.
OUTSIDE_KM = 2.0

#: Names that a column has in files that nobody has to explain, in any case.
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "cell_id": ("cell_id", "cellid"),
    "site_id": ("site_id", "siteid"),
    "longitude": ("longitude", "lon", "long", "lng"),
    "latitude": ("latitude", "lat"),
    "area_id": ("area_id",),
    "azimuth": ("azimuth",),
    "technology": ("technology", "radio"),
    "valid_from": ("valid_from",),
    "valid_to": ("valid_to",),
}
#: Columns of the dumps of OpenCelliD, which come with these names or without a header.
OPENCELLID = (
    *("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"),
    *("changeable", "created", "updated", "averageSignal"),
)
_OPENCELLID_ID = ("mcc", "net", "area", "cell")
_RADIOS = {"GSM", "UMTS", "LTE", "CDMA", "NR"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")


@dataclass(frozen=True)
class SiteColumns:
    """Which columns of the files say what, as far as a user has said it."""

    cell_id: tuple[str, ...] = ()
    site_id: str | None = None
    longitude: str | None = None
    latitude: str | None = None
    area_id: str | None = None
    azimuth: str | None = None
    technology: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True)
class SiteSettings:
    """How values are written and what is checked.

    Attributes:
        columns: which columns say what.
        date_format: of valid_from and valid_to, as strptime has it; none for ISO 8601.
        valid_from: of rows that say none.
        country: the boundaries that have landed, if any.
        area_ids: the areas that have landed; empty where none have.
        outside_km: further from the boundaries a site is outside.
    """

    columns: SiteColumns = SiteColumns()
    date_format: str | None = None
    valid_from: str = ""
    country: Country | None = None
    area_ids: frozenset[str] = frozenset()
    outside_km: float = OUTSIDE_KM


@dataclass
class Source:
    """A file of rows.

    Attributes:
        columns: their names.
        rows: number, values, and longitude and latitude where the file has points.
        has_points: whether it has.
        malformed: rows that could not be read; complete when all rows are.
        system: the coordinate system of their numbers; none for degrees (WGS 84).
    """

    file: str
    columns: list[str]
    rows: Iterable[tuple[int, list[str], tuple[float, float] | None]]
    has_points: bool = False
    malformed: list[Remark] = field(default_factory=list)
    system: pyproj.CRS | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A row of the list of cells.

    Attributes:
        x, y: longitude and latitude in degrees, or in the unit of the coordinate system; None where
            only its area is known.
        written: the same as the file has them.
    """

    file: str
    row: int
    cell_id: str
    x: float | None
    y: float | None
    written: tuple[str, str]
    site_id: str = ""
    area_id: str = ""
    azimuth: str = ""
    technology: str = ""
    valid_from: str = ""
    valid_to: str = ""

    def remark(self, text: str, kind: str) -> Remark:
        """Something to be said of it."""
        return Remark(self.file, self.row, text, self.cell_id, kind, self.written)

    def values(self) -> tuple[str, ...]:
        """Its row in the list of cells, by the columns of the feed."""
        longitude, latitude = ("" if part is None else repr(part) for part in (self.x, self.y))
        return (
            *(self.cell_id, longitude, latitude, self.site_id, self.area_id),
            *(self.valid_from, self.valid_to, self.azimuth, self.technology),
        )


@dataclass
class ReadSites:
    """What became of all rows.

    Attributes:
        sites: those without a problem.
        problems: why others are no sites: one for each row.
        notes: what else the user should know.
        said: of each file, which columns were taken.
        n_rows: how many rows each file has.
        n_equal: rows that say what another one says.
    """

    sites: list[Site] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    n_rows: dict[str, int] = field(default_factory=dict)
    n_equal: int = 0


def source_of_table(table: Table, system: pyproj.CRS | None = None) -> Source:
    """A CSV file or a sheet; a dump of OpenCelliD gets its names where it has none."""
    rows: Iterator[tuple[int, list[str]]] = table.rows
    columns = table.columns
    if _is_opencellid_row(columns):
        rows, columns = _after((1, columns), rows), list(OPENCELLID)
    with_points = ((number, values, None) for number, values in rows)
    return Source(table.file, columns, with_points, malformed=table.malformed, system=system)


def source_of_layer(layer: Layer) -> Source:
    """Points of a GIS file."""
    present = [shape for shape in layer.shapes if shape is not None]
    if not any(_is_point(shape) for shape in present):
        kind = named(sorted({shape.geom_type for shape in present}))
        raise GeographyError(
            f"{layer.file} has no points (its geometries: {kind}). Boundaries go to throng areas "
            "import."
        )
    columns = list(layer.columns)
    source = Source(layer.file, columns, (), has_points=True)

    def rows() -> Iterator[tuple[int, list[str], tuple[float, float] | None]]:
        for position, shape in enumerate(layer.shapes):
            if shape is None or shape.is_empty:
                source.malformed.append(Remark(layer.file, position + 1, "no geometry"))
            elif not _is_point(shape):
                text = f"its geometry is a {shape.geom_type}, not a point"
                source.malformed.append(Remark(layer.file, position + 1, text))
            else:
                values = [text_of(layer.columns[name][position]) for name in columns]
                point = shapely.get_coordinates(shape)[0]
                yield position + 1, values, (float(point[0]), float(point[1]))

    source.rows = rows()
    return source


def sites_of(
    sources: Iterable[Source], settings: SiteSettings, progress: Progress = lambda *_: None
) -> ReadSites:
    """The sites of all rows, and all that is wrong with them.

    Raises:
        GeographyError: a file lacks a column.
    """
    read = ReadSites()
    sentences = []
    for source in sources:
        try:
            columns = _columns_of(source, settings)
        except GeographyError as error:
            sentences.append(str(error))
            continue
        read.said[source.file] = _said(columns, source.has_points)
        if not sentences:
            _read_rows(read, source, columns, settings, progress)
    if sentences:
        raise GeographyError(" ".join(sentences))
    _check_places(read, settings)
    _check_against_each_other(read)
    return read


def _is_point(shape: shapely.Geometry | None) -> bool:
    return shape is not None and (
        shape.geom_type == "Point"
        or (shape.geom_type == "MultiPoint" and len(shapely.get_parts(shape)) == 1)
    )


def _after(
    first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _is_opencellid_row(values: Sequence[str]) -> bool:
    """Whether a first row is data of OpenCelliD: its dumps of single countries have no header."""
    return (
        len(values) == len(OPENCELLID)
        and values[0] in _RADIOS
        and all(value.isdecimal() for value in values[1:5])
    )


def _columns_of(source: Source, settings: SiteSettings) -> dict[str, tuple[str, ...]]:
    """Our column to theirs: as the user says, else by names that are known."""
    asked = {
        name: (value,) if isinstance(value, str) else value or ()
        for name, value in vars(settings.columns).items()
    }
    by_lower = {name.lower(): name for name in reversed(source.columns)}
    found: dict[str, tuple[str, ...]] = {}
    missing = []
    for ours, theirs in asked.items():
        option = f"--{ours.replace('_', '-')}-column"
        absent = [name for name in theirs if name.lower() not in by_lower]
        if absent:
            missing.append(f"no column '{named(absent)}' ({option})")
        elif theirs:
            found[ours] = tuple(by_lower[name.lower()] for name in theirs)
        elif ours == "cell_id" and {*_OPENCELLID_ID, "radio"} <= set(by_lower):
            found[ours] = tuple(by_lower[name] for name in _OPENCELLID_ID)
        elif known := [by_lower[name] for name in KNOWN_NAMES[ours] if name in by_lower]:
            found[ours] = (known[0],)
        elif ours == "cell_id" or (ours in ("longitude", "latitude") and not source.has_points):
            missing.append(f"no column that is known as {ours} (say which it is by {option})")
    if source.has_points and (asked["longitude"] or asked["latitude"]):
        missing.append("points, which say the place: leave out --longitude-column and the other")
    lower = [name.lower() for name in source.columns]
    taken = {name for names in found.values() for name in names}
    missing.extend(
        f"two columns '{name}'" for name in sorted(taken) if lower.count(name.lower()) > 1
    )
    if missing:
        has_data = any(re.search(r"\d{3}|^-?\d+[.,]\d", name) for name in source.columns)
        advice = " If its first row is data, say --no-header." if has_data else ""
        columns = named(source.columns)
        raise GeographyError(
            f"{source.file} has {', and '.join(missing)}; its columns are {columns}.{advice}"
        )
    return found


def _said(columns: Mapping[str, tuple[str, ...]], has_points: bool) -> str:
    """Which of their columns are ours."""
    words = [
        ours if theirs == (ours,) else f"{ours} from {JOINED_BY.join(theirs)}"
        for ours, theirs in columns.items()
        if not (has_points and ours in ("longitude", "latitude"))
    ]
    return ", ".join(words + (["places from its points"] if has_points else []))


def _read_rows(
    read: ReadSites,
    source: Source,
    columns: Mapping[str, tuple[str, ...]],
    settings: SiteSettings,
    progress: Progress,
) -> None:
    """Add the rows of a file to what was read."""
    positions = {
        ours: [source.columns.index(name) for name in names] for ours, names in columns.items()
    }
    n_rows, n_before = 0, len(read.sites)
    for number, values, point in source.rows:
        n_rows += 1
        taken = {
            ours: [values[position].strip() for position in places]
            for ours, places in positions.items()
        }
        _read_row(read, source, number, taken, point, settings)
        if n_rows % 10_000 == 0:
            progress(f"rows of {source.file}", n_rows, 0)
    if source.system is not None and read.sites[n_before:]:
        read.sites[n_before:] = _in_degrees(read.sites[n_before:], source.system)
    read.n_rows[source.file] = n_rows + len(source.malformed)
    read.problems.extend(replace(remark, kind="malformed") for remark in source.malformed)


def _in_degrees(sites: list[Site], system: pyproj.CRS) -> list[Site]:
    """Sites of a table whose numbers are of another coordinate system."""
    x, y = (np.array(part, dtype=float) for part in zip(*[(s.x, s.y) for s in sites], strict=True))
    longitudes, latitudes = (np.round(part, 9).tolist() for part in to_degrees(x, y, system))
    return [
        replace(site, x=longitude, y=latitude) if site.x is not None else site
        for site, longitude, latitude in zip(sites, longitudes, latitudes, strict=True)
    ]


def _read_row(
    read: ReadSites,
    source: Source,
    number: int,
    taken: Mapping[str, list[str]],
    point: tuple[float, float] | None,
    settings: SiteSettings,
) -> None:
    """Add one row: a site, or all that is wrong with it."""
    only = {ours: values[0] for ours, values in taken.items() if ours != "cell_id"}
    ids = taken["cell_id"]
    area_id = only.get("area_id", "")
    problems = [] if all(ids) else ["no cell_id"]
    kind = "" if all(ids) else "no cell_id"
    if point is None:
        written = (only["longitude"], only["latitude"])
    if point is None and area_id and written == ("", ""):
        x = y = None
    elif point is None:
        x, said_of_x = _coordinate(written[0], LONGITUDE, source.system)
        y, said_of_y = _coordinate(written[1], LATITUDE, source.system)
        said = [text for text in (said_of_x, said_of_y) if text]
        if said:
            problems.extend(said)
            kind = kind or "place that cannot be read"
        elif x == 0 and y == 0:
            problems.append("its place is 0, 0, which stands for none")
            kind = kind or "0, 0"
    else:
        x, y = point
        written = (repr(x), repr(y))
        if point == (0.0, 0.0):
            problems.append("its place is 0, 0, which stands for none")
            kind = kind or "0, 0"
    valid_from, problem_from = _time("valid_from", only.get("valid_from", ""), settings)
    valid_to, problem_to = _time("valid_to", only.get("valid_to", ""), settings)
    valid_from = valid_from or settings.valid_from
    dates = [text for text in (problem_from, problem_to) if text]
    if not dates and valid_to and _at(valid_to) <= _at(valid_from or "0001-01-01"):
        dates = [f"valid_to {valid_to} is not after valid_from {valid_from}"]
    if dates:
        problems.extend(dates)
        kind = kind or "dates"
    if area_id and settings.area_ids and area_id not in settings.area_ids:
        problems.append(f"area_id '{area_id}' is not in areas/")
        kind = kind or "area that is not in areas/"
    cell_id = JOINED_BY.join(ids)
    if problems:
        remark = Remark(source.file, number, "; ".join(problems), cell_id, kind, written)
        read.problems.append(remark)
        return
    if x is None:
        text = "no place: kept, for it has an area; it is in no stop and no distance"
        read.notes.append(Remark(source.file, number, text, cell_id, "no place, but an area"))
    azimuth, note = _azimuth(only.get("azimuth", ""))
    if note:
        read.notes.append(Remark(source.file, number, note, cell_id, "azimuth left empty"))
    read.sites.append(
        Site(
            *(source.file, number, cell_id, x, y, written),
            site_id=only.get("site_id", ""),
            area_id=area_id,
            azimuth=azimuth,
            technology=only.get("technology", ""),
            valid_from=valid_from,
            valid_to=valid_to,
        )
    )


def _coordinate(text: str, axis: Axis, system: pyproj.CRS | None) -> tuple[float, str]:
    """A coordinate, and why it cannot be read."""
    try:
        if system is not None and not system.is_geographic:
            return parse_metres(text, axis), ""
        return parse_degrees(text, axis), ""
    except Unreadable as reason:
        return 0.0, str(reason)


def _time(name: str, text: str, settings: SiteSettings) -> tuple[str, str]:
    """A time as ISO 8601, and why it cannot be read."""
    if not text:
        return "", ""
    try:
        if settings.date_format:
            at = datetime.strptime(text, settings.date_format)
        elif _TIME.fullmatch(text):
            at = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
    except ValueError:
        wanted = settings.date_format or "YYYY-MM-DD (say another form by --date-format)"
        return "", f"{name} '{text}' is no date of the form {wanted}"
    is_day = at.time() == datetime.min.time()
    return at.date().isoformat() if is_day else at.isoformat(" ", "seconds"), ""


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _azimuth(text: str) -> tuple[str, str]:
    """Degrees from north as text, and a note where it is none."""
    if not text:
        return "", ""
    number = text.rstrip("° ").replace(",", ".")
    if re.fullmatch(r"\d{1,3}(\.\d+)?", number) and float(number) <= 360:
        return number, ""
    return "", f"azimuth '{text}' is no number from 0 to 360: left empty"


def _check_places(read: ReadSites, settings: SiteSettings) -> None:
    """Take out sites that cannot be in the country."""
    x = np.array([site.x for site in read.sites], dtype=float)  # None becomes NaN
    y = np.array([site.y for site in read.sites], dtype=float)
    is_placed = np.array([site.x is not None for site in read.sites], dtype=bool)
    exists = np.isfinite(x) & np.isfinite(y) & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    reasons: dict[int, tuple[str, str]] = {
        int(row): ("its place does not exist in this coordinate system", "no such place")
        for row in np.flatnonzero(is_placed & ~exists)
    }
    country = settings.country
    if country is not None:
        here = np.flatnonzero(exists)
        outside = here[~country.holds(x[here], y[here])]
        near = country.is_near(x[outside], y[outside], settings.outside_km)
        read.notes.extend(
            read.sites[row].remark(
                f"outside the boundaries by {settings.outside_km:g} km or less: kept",
                "a little outside the boundaries",
            )
            for row in outside[near]
        )
        reasons |= _why_outside(country, outside[~near], x, y, settings.outside_km)
    kept = []
    for row, site in enumerate(read.sites):
        if row in reasons:
            read.problems.append(site.remark(*reasons[row]))
        else:
            kept.append(site)
    read.sites = kept


def _why_outside(
    country: Country, rows: np.ndarray, x: np.ndarray, y: np.ndarray, km: float
) -> dict[int, tuple[str, str]]:
    """Of rows outside the country, what is wrong: what would bring them in is said, not done."""
    ways = {
        "exchanged": (y[rows], x[rows], "with longitude and latitude exchanged it is inside"),
        "sign": (-x[rows], y[rows], "with the other sign of the longitude it is inside"),
        "other sign": (x[rows], -y[rows], "with the other sign of the latitude it is inside"),
    }
    kinds = {"exchanged": "longitude and latitude exchanged"}
    reasons = {
        int(row): (
            f"more than {km:g} km outside the boundaries at {x[row]:.5f} {y[row]:.5f}",
            "outside the country",
        )
        for row in rows
    }
    for name, (longitudes, latitudes, said) in reversed(ways.items()):
        possible = np.abs(latitudes) <= 90
        inside = np.zeros(len(rows), dtype=bool)
        inside[possible] = country.holds(longitudes[possible], latitudes[possible])
        for row in rows[inside]:
            text = f"outside the boundaries at {x[row]:.5f} {y[row]:.5f}; {said}"
            reasons[int(row)] = (text, kinds.get(name, "sign of longitude or latitude"))
    return reasons


def _check_against_each_other(read: ReadSites) -> None:
    """Rows that say the same are one; rows of a cell that contradict each other are none."""
    by_start: dict[tuple[str, str], list[Site]] = {}
    for site in read.sites:
        by_start.setdefault((site.cell_id, site.valid_from), []).append(site)
    kept = []
    for same in by_start.values():
        places = {(site.x, site.y, site.site_id, site.area_id) for site in same}
        if len(places) == 1:
            rows = {site.values(): site for site in reversed(same)}
            kept.extend(reversed(rows.values()))
            read.n_equal += len(same) - len(rows)
            continue
        for site in same:
            other = next(
                one
                for one in same
                if (one.x, one.y, one.site_id, one.area_id)
                != (site.x, site.y, site.site_id, site.area_id)
            )
            where = other.row if other.file == site.file else f"{other.file} {other.row}"
            text = f"cell {site.cell_id} is elsewhere in row {where}, from the same time on"
            read.problems.append(site.remark(text, "one cell at two places"))
    read.sites = kept
