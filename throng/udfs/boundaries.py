"""Boundaries, sites near them and places of sites for SQL. The rules are in throng/geography."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

_EDGES = ("west", "south", "east", "north")
_BOX = pa.struct([(edge, pa.float64()) for edge in _EDGES])
_SITE = [("longitude", pa.float64()), ("latitude", pa.float64())]
_NEARBY = pa.struct([*_SITE, ("distance_km", pa.float64())])
_CLUSTERED = pa.struct([*_SITE, ("site_cluster_id", pa.int32())])
_GROUND = pa.struct([("site_cluster_id", pa.int32()), ("outline", pa.string())])


def boundary_box(geometry: pa.Array) -> pa.Array:
    """The box around each boundary.

    Args:
        geometry: n texts as in the list of areas: WKT, GeoJSON or hexadecimal WKB, in degrees.

    Returns:
        n structs west, south, east, north. Null where the text is null or no polygon.
    """
    if geometry.null_count == len(geometry):
        return pa.nulls(len(geometry), _BOX)
    # Not at the top: every Python worker imports this module, and few of them need geometry.
    from throng.geography.boundaries import box_of

    boxes = [box_of(text) for text in geometry.to_pylist()]
    return pa.array([box and dict(zip(_EDGES, box, strict=True)) for box in boxes], _BOX)


def sites_near_boundary(geometry: pa.Array, sites: pa.Array, within_km: pa.Array) -> pa.Array:
    """Which sites lie within each boundary, or beyond it by no more than a distance.

    Args:
        geometry: n boundaries as in the list of areas.
        sites: n lists of structs longitude, latitude (degrees). Elements with a null are ignored.
        within_km: n distances.

    Returns:
        n lists of structs longitude, latitude, distance_km (0 inside), in the order of the sites.
        Null where an argument is null.
    """
    from throng.geography.boundaries import distances_km

    found = []
    for text, one, within in zip(geometry.to_pylist(), sites, within_km.to_pylist(), strict=True):
        if text is None or not one.is_valid or within is None:
            found.append(None)
            continue
        places = _places(one)
        distances = distances_km(text, places, within)
        found.append(
            [
                {"longitude": longitude, "latitude": latitude, "distance_km": distance}
                for (longitude, latitude), distance in zip(places, distances, strict=True)
                if not np.isnan(distance)
            ]
        )
    return pa.array(found, pa.list_(_NEARBY))


def cluster_sites(sites: pa.Array, within_km: pa.Array) -> pa.Array:
    """Put the sites of a network that stand together into one place.

    Args:
        sites: n lists of structs longitude, latitude (degrees). Elements with a null are ignored,
            equal ones are one.
        within_km: n distances above 0.

    Returns:
        n lists of structs longitude, latitude, site_cluster_id (from 1), in order of longitude and
        latitude. Null where an argument is null.
    """
    from throng.geography.places import clusters_of

    found = []
    for one, within in zip(sites, within_km.to_pylist(), strict=True):
        if not one.is_valid or within is None:
            found.append(None)
            continue
        places = np.unique(_places(one), axis=0)
        found.append(
            [
                {"longitude": longitude, "latitude": latitude, "site_cluster_id": cluster}
                for (longitude, latitude), cluster in zip(
                    places, clusters_of(places, within).tolist(), strict=True
                )
            ]
        )
    return pa.array(found, pa.list_(_CLUSTERED))


def ground_of_sites(sites: pa.Array, boundaries: pa.Array) -> pa.Array:
    """Divide a country among the places of its network: each has the ground nearest to it.

    Args:
        sites: n lists of structs site_cluster_id, longitude, latitude (degrees), one for each
            place. Elements with a null are ignored.
        boundaries: n lists of boundaries of a level that covers the country; null is none.

    Returns:
        n lists of structs site_cluster_id and outline (GeoJSON), in order of site_cluster_id, of
        the places that have ground in the country. Null where the list of sites is null.
    """
    import shapely

    from throng.geography.places import ground_of_places

    found = []
    for one, texts in zip(sites.to_pylist(), boundaries.to_pylist(), strict=True):
        if one is None:
            found.append(None)
            continue
        places = sorted(
            (row["site_cluster_id"], row["longitude"], row["latitude"])
            for row in one
            if row is not None and None not in row.values()
        )
        grounds = ground_of_places([place[1:] for place in places], texts or [])
        found.append(
            [
                {"site_cluster_id": place[0], "outline": shapely.to_geojson(ground)}
                for place, ground in zip(places, grounds, strict=True)
                if not ground.is_empty
            ]
        )
    return pa.array(found, pa.list_(_GROUND))


def _places(sites: pa.ListScalar) -> np.ndarray:
    """Longitude and latitude of the elements that have both, a row each."""
    columns: Sequence[pa.Array] = [pc.struct_field(sites.values, name) for name, _ in _SITE]
    table = np.column_stack([column.to_numpy(zero_copy_only=False) for column in columns])
    return table[~np.isnan(table).any(axis=1)] if len(table) else table.reshape(0, 2)
