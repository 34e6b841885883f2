"""Boundaries and what lies near them: the exact part of the join of sites with areas."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from throng.geography.outlines import boundary_of

#: Mean radius of the Earth (IUGG), as in the macro great_circle_km.
EARTH_KM = 6371.0088
KM_PER_DEGREE = EARTH_KM * np.pi / 180


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east and north of a boundary; none where the text is no boundary."""
    shape = boundary_of(text)
    return None if shape is None else tuple(float(edge) for edge in shape.bounds)


def distances_km(text: str | None, places: np.ndarray, within_km: float) -> np.ndarray:
    """How far each place is from the ground within a boundary: 0 inside and on the line.

    Args:
        text: the boundary, as in the list of areas.
        places: a row for each place, longitude and latitude in degrees.
        within_km: what is farther is NaN, and so are all places where the text is no boundary.
    """
    distances = np.full(len(places), np.nan)
    shape = boundary_of(text)
    if shape is None or len(places) == 0:
        return distances
    shapely.prepare(shape)
    points = shapely.points(places)
    is_inside = shapely.intersects(shape, points)
    distances[is_inside] = 0.0
    # Degrees that hold within_km in every direction: those of longitude shrink towards the poles.
    north = within_km / KM_PER_DEGREE
    east = north / np.maximum(np.cos(np.radians(np.abs(places[:, 1]) + north)), 0.01)
    line = shapely.boundary(shape)
    for number in np.flatnonzero(~is_inside & shapely.dwithin(shape, points, east)):
        longitude, latitude = places[number]
        wide, high = 1.01 * east[number], 1.01 * north
        nearby = shapely.clip_by_rect(
            line, longitude - wide, latitude - high, longitude + wide, latitude + high
        )
        distance = km_to(nearby, longitude, latitude)
        if distance <= within_km:
            distances[number] = distance
    return distances


def km_to(
    shape: BaseGeometry, longitude: float, latitude: float, km_per_degree: float = KM_PER_DEGREE
) -> float:
    """How far a shape nearby is from a place: exact to 0.1 % over a few kilometres.

    Args:
        shape: in degrees.
        longitude, latitude: the place, in degrees.
        km_per_degree: of latitude; of longitude it is less by the cosine of the latitude.
    """
    scale = np.array([km_per_degree * np.cos(np.radians(latitude)), km_per_degree])
    flat = shapely.transform(shape, lambda degrees: (degrees - (longitude, latitude)) * scale)
    return float(shapely.distance(flat, shapely.Point(0, 0)))
