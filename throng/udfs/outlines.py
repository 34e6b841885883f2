"""Outlines of areas for SQL. The rules are in throng/geography."""

from __future__ import annotations

import pyarrow as pa

_OUTLINE = pa.struct(
    [
        ("area_id", pa.string()),
        ("outline", pa.string()),
        ("outline_source", pa.string()),
        ("centroid_longitude", pa.float64()),
        ("centroid_latitude", pa.float64()),
        ("area_km2", pa.float64()),
    ]
)


def draw_outlines(areas: pa.Array, sites: pa.Array) -> pa.Array:
    """Draw the areas of a country, of their boundaries or else of the sites in them.

    Args:
        areas: n lists of structs area_id, area_level, parent_area_id, geometry (text, may be null).
        sites: n lists of structs area_id, longitude, latitude (degrees). Elements with a null are
            ignored.

    Returns:
        n lists of structs area_id, outline (GeoJSON), outline_source ('list' or 'sites'),
        centroid_longitude, centroid_latitude (degrees), area_km2: one for each area that can be
        drawn, in order of area_id. Null where the list of areas is null.
    """
    return pa.array(
        [_of_country(*one) for one in zip(areas, sites, strict=True)], pa.list_(_OUTLINE)
    )


def _of_country(areas: pa.ListScalar, sites: pa.ListScalar) -> list[dict[str, str | float]] | None:
    if not areas.is_valid:
        return None
    # Not at the top: every Python worker imports this module, and one of them draws.
    import shapely

    from throng.geography.outlines import ListedArea, outlines_of

    listed = [ListedArea(**row) for row in areas.as_py()]
    located = [
        (row["area_id"], row["longitude"], row["latitude"])
        for row in sites.as_py() or []
        if None not in row.values()
    ]
    return [
        {
            "area_id": area,
            "outline": shapely.to_geojson(found.geometry),
            "outline_source": found.source,
            "centroid_longitude": found.longitude,
            "centroid_latitude": found.latitude,
            "area_km2": found.area_km2,
        }
        for area, found in sorted(outlines_of(listed, located).items())
    ]
