"""Boundaries that reach over the 180th meridian, as polygons on either side of it.

Files draw such a boundary with longitudes beyond 180, or with an edge from 179 to -179 that seems
to go round the earth. Maps and points in polygons need the two sides apart (RFC 7946, 3.1.9).
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

#: So far beyond 180 degrees (10 cm) a corner is on the meridian: it was computed.
_NOISE = 1e-6


def crosses_dateline(shape: BaseGeometry) -> bool:
    """Whether a boundary has longitudes beyond 180 degrees, or an edge over the meridian."""
    west, _, east, _ = shape.bounds
    if west < -180 - _NOISE or east > 180 + _NOISE:
        return True
    return east - west > 180 and any(_jumps(ring).any() for ring in _rings(shape))


def cut_at_dateline(shape: BaseGeometry) -> BaseGeometry:
    """The same ground with longitudes from -180 to 180, cut where it reaches over 180.

    A ring around a pole is left as it is drawn.
    """
    polygons = [part for part in _parts(shape) if part.geom_type == "Polygon"]
    return shapely.union_all(
        [piece for polygon in polygons for piece in _pieces(_unrolled(polygon))]
    )


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    return list(shapely.get_parts(shapely.get_parts(shape)))


def _rings(shape: BaseGeometry) -> list[BaseGeometry]:
    polygons = [part for part in _parts(shape) if part.geom_type == "Polygon"]
    return list(shapely.get_rings(np.array(polygons, dtype=object)))


def _jumps(ring: BaseGeometry) -> np.ndarray:
    """Of each edge, by how many times 360 degrees its end is to be moved.

    An edge of 360 degrees goes along the rim of a map of the world, and over nothing.
    """
    steps = np.diff(shapely.get_coordinates(ring)[:, 0])
    return np.where((np.abs(steps) > 180) & (np.abs(steps) < 360), -np.sign(steps), 0)


def _unrolled(polygon: BaseGeometry) -> BaseGeometry:
    """A polygon whose edges go the short way, with longitudes beyond 180 where they must."""
    rings = [_unrolled_ring(ring) for ring in shapely.get_rings(polygon)]
    outer = rings[0]
    middle = outer[:, 0].mean()
    for hole in rings[1:]:  # beside the outer ring, not once round the earth from it
        hole[:, 0] += 360 * np.round((middle - hole[:, 0].mean()) / 360)
    return shapely.make_valid(
        shapely.Polygon(outer, rings[1:]), method="structure", keep_collapsed=False
    )


def _unrolled_ring(ring: BaseGeometry) -> np.ndarray:
    corners = shapely.get_coordinates(ring)
    turns = np.concatenate([[0], np.cumsum(_jumps(ring))])
    if turns[-1] == 0:  # else it goes round a pole
        corners[:, 0] += 360 * turns
    return corners


def _pieces(polygon: BaseGeometry) -> list[BaseGeometry]:
    """A polygon by turns of the earth, each moved to the first."""
    west, south, east, north = polygon.bounds
    turns = range(int(np.floor((west + 180) / 360)), int(np.ceil((east + 180) / 360)))
    pieces = []
    for turn in turns:
        band = shapely.box(360 * turn - 180, south - 1, 360 * turn + 180, north + 1)
        piece = shapely.intersection(polygon, band)
        pieces.append(
            shapely.transform(piece, lambda xy, turn=turn: xy - np.array([360.0 * turn, 0.0]))
        )
    return [piece for piece in pieces if not piece.is_empty]
