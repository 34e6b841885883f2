"""Places of a network: sites that stand together, and the ground that is nearest to each place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from throng.geography.boundaries import EARTH_KM
from throng.geography.outlines import boundary_of, ground_of, nearest_ground


def clusters_of(sites: np.ndarray, within_km: float) -> np.ndarray:
    """Which sites are one place, by Ward's rule: a place grows while it stays within within_km.

    Two sites are one place if they are at most within_km apart. Larger places join while the root
    mean square distance between the sites of the new one is at most within_km, so that a town of
    many sites does not become one place, as it would by chains of neighbours.

    Args:
        sites: a row for each site, longitude and latitude in degrees; no two rows are equal.
        within_km: above 0.

    Returns:
        The number of the place of each site, from 1, in order of the westernmost site of a place.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if len(sites) == 0:
        return np.zeros(0, dtype=int)
    # The same places whatever the order of the list.
    order = np.lexsort((sites[:, 1], sites[:, 0]))
    points = _in_space(sites[order])
    # Ward's rule never joins over a gap of more than within_km: the square of the distance of two
    # places that join and half of that within each sum up to no more. So each chain of neighbours
    # is a question of its own, and the distances of all pairs are never in memory.
    pairs = cKDTree(points).query_pairs(within_km, output_type="ndarray")
    graph = coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points))
    )
    n_chains, chain_of = connected_components(graph, directed=False)
    members_of = np.split(np.argsort(chain_of, kind="stable"), np.cumsum(np.bincount(chain_of)))
    label, n_places = np.zeros(len(points), dtype=int), 0
    for members in members_of[:n_chains]:
        if len(members) == 1:
            places = np.ones(1, dtype=int)
        else:
            places = fcluster(linkage(points[members], "ward"), within_km, "distance")
        label[members] = places + n_places
        n_places += places.max()
    # Numbers by the first site of each place, which is the westernmost.
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first)) + 1
    found = np.zeros(len(points), dtype=int)
    found[order] = number[inverse]
    return found


def _in_space(sites: np.ndarray) -> np.ndarray:
    """Points on a sphere, in km. A chord of 1 km is shorter than its arc by a micrometre."""
    longitude, latitude = np.radians(sites).T
    return EARTH_KM * np.column_stack(
        (
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        )
    )


def ground_of_places(
    places: Sequence[tuple[float, float]], boundaries: Iterable[str | None]
) -> list[BaseGeometry]:
    """The ground that is nearer to each place than to all others (Voronoi), within the country.

    Args:
        places: longitude and latitude (degrees) of each; no two are equal.
        boundaries: those of the areas of a level that covers the country, as in the list; without
            any, the ground ends a margin beyond the outermost places.

    Returns:
        The ground of each place, in order; of a place outside the country perhaps nothing.
    """
    if not places:
        return []
    known = [shape for shape in map(boundary_of, boundaries) if shape is not None]
    country = ground_of(np.array(places), known)
    shapely.prepare(country)
    return [cell.intersection(country) for cell in nearest_ground(list(places), country)]
