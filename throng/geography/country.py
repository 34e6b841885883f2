"""Which points lie in the country, as far as its boundaries have landed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from throng.geography.boundaries import km_to

#: A degree of latitude, rounded up as it is longest (at the poles): a search that far misses none.
_KM_PER_DEGREE = 111.7
_LEAST_KM_PER_DEGREE = 110.5


class Country:
    """The ground of some boundaries together.

    Attributes:
        n_areas: how many boundaries there are.
    """

    def __init__(self, shapes: Sequence[BaseGeometry]) -> None:
        self.n_areas = len(shapes)
        self._shapes = np.array(shapes, dtype=object)
        self._tree = shapely.STRtree(self._shapes)

    def holds(self, longitudes: np.ndarray, latitudes: np.ndarray) -> np.ndarray:
        """Of each point, whether it lies in one of the boundaries or on its rim."""
        points = shapely.points(longitudes, latitudes)
        inside = np.zeros(len(points), dtype=bool)
        inside[self._tree.query(points, predicate="intersects")[0]] = True
        return inside

    def is_near(self, longitudes: np.ndarray, latitudes: np.ndarray, km: float) -> np.ndarray:
        """Of each point, whether one of the boundaries is at most so far away."""
        near = np.zeros(len(longitudes), dtype=bool)
        high = km / _LEAST_KM_PER_DEGREE
        stretch = np.cos(np.radians(np.minimum(np.abs(latitudes) + high, 89.9)))
        wide = high / stretch
        boxes = shapely.box(
            longitudes - wide, latitudes - high, longitudes + wide, latitudes + high
        )
        for point, area in zip(*self._tree.query(boxes, predicate="intersects"), strict=True):
            if not near[point]:
                ground = shapely.clip_by_rect(self._shapes[area], *boxes[point].bounds)
                away = km_to(ground, longitudes[point], latitudes[point], _KM_PER_DEGREE)
                near[point] = away <= km
        return near
