"""Outlines of areas for maps, of the boundaries that have landed or else of the sites.

An outline is for looking at: simplified to what a screen can show. Area and centre are those of the
boundary before it was simplified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

#: Where an outline comes from: the list of areas, or the sites of the network.
FROM_LIST, FROM_SITES = "list", "sites"
#: A line may leave the true one by this part of the extent of its level: half a pixel of a screen
#: of 1,000.
SCREEN = 2_000
#: Beyond the outermost sites an area goes on by this part of their extent, at least 0.02 degrees
#: (2 km).
MARGIN, LEAST_MARGIN = 0.05, 0.02
#: The longest chain of areas around areas that is followed.
_DEEPEST = 20
_EARTH = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class ListedArea:
    """A row of the list of areas.

    Attributes:
        geometry: the boundary as WKT, GeoJSON or hexadecimal WKB in degrees, or none.
    """

    area_id: str
    area_level: str
    parent_area_id: str | None
    geometry: str | None


@dataclass(frozen=True)
class Outline:
    """What a map draws of an area.

    Attributes:
        geometry: simplified, in degrees.
        source: FROM_LIST or FROM_SITES.
        longitude, latitude: the centroid of the boundary, in degrees.
        area_km2: of the boundary, on the ellipsoid.
    """

    geometry: BaseGeometry
    source: str
    longitude: float
    latitude: float
    area_km2: float


def outlines_of(
    areas: Sequence[ListedArea], sites: Iterable[tuple[str, float, float]]
) -> dict[str, Outline]:
    """The outline of each area that can have one.

    The first of these that there is: its boundary in the list; its parts (areas that name it as
    their parent) together; the ground nearer to its sites than to those of other areas (Voronoi).

    Args:
        areas: the list of areas.
        sites: area, longitude and latitude (degrees) of each site.

    Returns:
        Area to outline. An area without boundary, parts and sites is not in it.
    """
    listed = {area.area_id: area for area in areas}
    found = {area.area_id: boundary_of(area.geometry) for area in areas}
    known = {area: shape for area, shape in found.items() if shape is not None}
    ground = {
        area: shape for area, shape in _around_sites(sites, listed, known).items() if area in listed
    }
    drawn = {**ground, **known}
    sources = {**dict.fromkeys(ground, FROM_SITES), **dict.fromkeys(known, FROM_LIST)}
    for whole, parts in _parts_first(listed):
        shapes = [drawn[part] for part in parts if part in drawn]
        if shapes and whole not in known:
            drawn[whole] = shapely.union_all(shapes)
            are_listed = all(sources.get(part) == FROM_LIST for part in parts)
            sources[whole] = FROM_LIST if are_listed else FROM_SITES
    levels: dict[str, dict[str, BaseGeometry]] = {}
    for area, shape in drawn.items():
        levels.setdefault(listed[area].area_level, {})[area] = shape
    return {
        area: Outline(simple, sources[area], *centroid_of(drawn[area]), area_km2_of(drawn[area]))
        for shapes_of_level in levels.values()
        for area, simple in _simplified(shapes_of_level).items()
    }


def boundary_of(text: str | None) -> BaseGeometry | None:
    """The polygons that a text says, made valid; none where it says none.

    Args:
        text: WKT (a prefix SRID=…; is passed over), GeoJSON (a geometry), or hexadecimal WKB.
    """
    words = (text or "").strip()
    if words.upper().startswith("SRID="):
        words = words.partition(";")[2]
    if not words:
        return None
    try:
        if words.startswith("{"):
            shape = shapely.from_geojson(words, on_invalid="ignore")
        elif words.startswith(("00", "01")):
            shape = shapely.from_wkb(words, on_invalid="ignore")
        else:
            shape = shapely.from_wkt(words, on_invalid="ignore")
        if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
            return None
        return _polygons(shapely.make_valid(shape))
    # Curves and numbers that GEOS cannot mend: like any other text that says no polygon. How many
    # boundaries are unreadable is counted (int_areas).
    except (shapely.errors.GEOSException, NotImplementedError):
        return None


def _polygons(shape: BaseGeometry) -> BaseGeometry | None:
    """The polygons of a shape without its lines and points; none where there is no polygon."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    return shapely.union_all(polygons) if polygons else None


def _around_sites(
    sites: Iterable[tuple[str, float, float]],
    listed: Mapping[str, ListedArea],
    known: Mapping[str, BaseGeometry],
) -> dict[str, BaseGeometry]:
    """The ground nearest to the sites of each area without a boundary, as far as it is its own.

    A place that two areas name is of the one whose id is smaller as text. A boundary of the list
    goes before: that of a neighbour is left out, that of the area around it is not crossed.
    """
    owner: dict[tuple[float, float], str] = {}
    for area, longitude, latitude in sorted(sites, reverse=True):
        owner[longitude, latitude] = area
    if not set(owner.values()) - set(known):
        return {}
    country = ground_of(np.array(sorted(owner)), list(known.values()))
    cells: dict[str, list[BaseGeometry]] = {}
    for place, cell in zip(sorted(owner), nearest_ground(sorted(owner), country), strict=True):
        cells.setdefault(owner[place], []).append(cell)
    by_level: dict[str, list[BaseGeometry]] = {}
    for area, boundary in known.items():
        by_level.setdefault(listed[area].area_level, []).append(boundary)
    taken = {level: shapely.union_all(boundaries) for level, boundaries in by_level.items()}
    ground = {}
    for area, parts in cells.items():
        if area in listed and area not in known:
            shape = shapely.intersection(shapely.union_all(parts), country)
            around = known.get(listed[area].parent_area_id or "")
            shape = shape.intersection(around) if around is not None else shape
            neighbours = taken.get(listed[area].area_level)
            polygons = _polygons(shape.difference(neighbours) if neighbours else shape)
            if polygons is not None:
                ground[area] = polygons
    return ground


def nearest_ground(
    places: list[tuple[float, float]], country: BaseGeometry
) -> Sequence[BaseGeometry]:
    """The ground nearer to each place than to all others (its Voronoi cell), in order.

    It covers the country and goes beyond it. Degrees of longitude count as long as they are in the
    middle of the country.
    """
    if len(places) == 1:
        return [country]
    _, south, _, north = country.bounds
    shrink = np.array([max(float(np.cos(np.radians((south + north) / 2))), 0.01), 1.0])
    points = shapely.multipoints(np.array(places) * shrink)
    around = shapely.transform(shapely.box(*country.bounds), lambda degrees: degrees * shrink)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=around, ordered=True))
    return list(shapely.transform(cells, lambda scaled: scaled / shrink))


def ground_of(places: np.ndarray, known: Sequence[BaseGeometry]) -> BaseGeometry:
    """The ground of all boundaries that are known; without any, the sites and a margin."""
    if known:
        return shapely.union_all(known)
    extent = float(np.max(np.ptp(places, axis=0)))
    hull = shapely.convex_hull(shapely.multipoints(places))
    return hull.buffer(max(MARGIN * extent, LEAST_MARGIN))


def _parts_first(listed: Mapping[str, ListedArea]) -> list[tuple[str, list[str]]]:
    """Areas with others in them, and these others; the deepest first."""
    parts: dict[str, list[str]] = {}
    for area in listed.values():
        if area.parent_area_id in listed and area.parent_area_id != area.area_id:
            parts.setdefault(area.parent_area_id, []).append(area.area_id)

    def depth(name: str | None) -> int:
        steps = 0
        # Areas that are each other's parents would loop for ever; a test of the data finds them.
        while name in listed and steps < _DEEPEST:
            name, steps = listed[name].parent_area_id, steps + 1
        return steps

    return sorted(parts.items(), key=lambda item: -depth(item[0]))


def _simplified(shapes: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """The shapes of one level, simplified together: a border that two share stays shared."""
    if not shapes:
        return {}
    west, south, east, north = shapely.total_bounds(list(shapes.values()))
    tolerance = max(east - west, north - south) / SCREEN
    simple = shapely.coverage_simplify(np.array(list(shapes.values())), tolerance)
    # Digits beyond the tolerance are not seen; a tenth of it keeps lines straight.
    grid = 10.0 ** np.floor(np.log10(tolerance / 4))
    kept = {}
    for area, full, one in zip(shapes, shapes.values(), simple, strict=True):
        rounded = shapely.set_precision(one, grid, mode="pointwise")
        kept[area] = rounded if _polygons(shapely.make_valid(rounded)) is not None else full
    return kept


def centroid_of(shape: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of the centroid.

    Ground that is cut at longitude 180 is put together again: what is west of it goes east.
    """
    west, _, east, _ = shape.bounds
    is_cut = west <= -180 and east >= 180
    centre = shapely.transform(shape, _east_of_greenwich).centroid if is_cut else shape.centroid
    longitude = centre.x - 360 if centre.x > 180 else centre.x
    return round(longitude, 5), round(centre.y, 5)


def _east_of_greenwich(degrees: np.ndarray) -> np.ndarray:
    return np.column_stack([degrees[:, 0] % 360, degrees[:, 1]])


def area_km2_of(shape: BaseGeometry) -> float:
    """Area on the ellipsoid WGS 84, in square kilometres."""
    square_metres, _ = _EARTH.geometry_area_perimeter(shapely.force_2d(shapely.normalize(shape)))
    return round(abs(square_metres) / 1e6, 3)
