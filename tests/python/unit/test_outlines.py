"""Outlines of areas: what is drawn, of what, and that neighbours share their borders."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
import shapely

from throng.geography.outlines import FROM_LIST, FROM_SITES, ListedArea, boundary_of, outlines_of
from throng.udfs.outlines import draw_outlines

SQUARE = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"


def square(west, south, size=1.0):
    return shapely.box(west, south, west + size, south + size)


def listed(area, level="district", parent=None, shape=None):
    return ListedArea(area, level, parent, shape.wkt if shape is not None else None)


@pytest.mark.parametrize(
    "text",
    [
        SQUARE,
        f"SRID=4326;{SQUARE}",
        f"  {SQUARE.lower()} ",
        shapely.to_geojson(shapely.from_wkt(SQUARE)),
        shapely.to_wkb(shapely.from_wkt(SQUARE), hex=True),
        # A ring that crosses itself is mended; lines and points of a collection are left out.
        f"GEOMETRYCOLLECTION (POINT (5 5), {SQUARE})",
    ],
)
def test_a_boundary_is_read_in_the_usual_forms(text):
    assert boundary_of(text).equals(shapely.from_wkt(SQUARE))


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "  ", "n/a", "POINT (1 1)", "POLYGON EMPTY", "{}", "01zz"),
        "LINESTRING (0 0, 1 1)",
        "POLYGON ((0 0, 1e400 0, 1 1, 0 0))",
        "CURVEPOLYGON (CIRCULARSTRING (0 0, 4 0, 4 4, 0 4, 0 0))",
        '{"type": "Polygon", "coordinates": 5}',
    ],
)
def test_what_says_no_polygon_is_no_boundary(text):
    assert boundary_of(text) is None


def test_a_ring_that_crosses_itself_is_mended():
    assert boundary_of("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))").area == pytest.approx(2)


def test_extent_and_centre_are_those_of_the_ellipsoid():
    """A degree at the equator is 111.32 by 110.57 km."""
    found = outlines_of([listed("a", shape=square(10, -0.5))], [])["a"]
    assert found.area_km2 == pytest.approx(111.32 * 110.57, rel=1e-3)
    assert (found.longitude, found.latitude) == (10.5, 0)
    assert found.source == FROM_LIST


def wavy_neighbours():
    """Two areas whose shared border has 2,000 points."""
    border = [(1 + 0.02 * ((i * 7919) % 13) / 13, i / 2000) for i in range(2001)]
    west = shapely.Polygon([(0, 1), (0, 0), *border])
    east = shapely.Polygon([(2, 0), (2, 1), *reversed(border)])
    return west, east


def test_neighbours_share_their_border_after_it_is_simplified():
    west, east = wavy_neighbours()
    found = outlines_of([listed("w", shape=west), listed("e", shape=east)], [])
    drawn = [found[area].geometry for area in ("w", "e")]
    assert sum(map(shapely.get_num_coordinates, drawn)) < 4_100
    assert drawn[0].intersection(drawn[1]).area == 0
    assert shapely.union_all(drawn).area == pytest.approx(2, rel=1e-3)
    assert len(shapely.get_parts(shapely.union_all(drawn))) == 1
    assert not shapely.union_all(drawn).interiors


def test_an_area_is_drawn_of_its_parts():
    areas = [
        listed("country", "admin0"),
        listed("region", "admin1", "country"),
        listed("a", "admin2", "region", square(0, 0)),
        listed("b", "admin2", "region", square(1, 0)),
    ]
    found = outlines_of(areas, [])
    for whole in ("country", "region"):
        assert found[whole].geometry.equals(shapely.box(0, 0, 2, 1))
        assert found[whole].source == FROM_LIST


def test_without_boundaries_the_sites_say_where_an_area_is():
    areas = [
        listed("region", "admin1"),
        listed("w", "admin2", "region"),
        listed("e", "admin2", "region"),
        listed("nowhere", "admin2", "region"),
    ]
    sites = [("w", 0.0, 0.0), ("w", 0.0, 1.0), ("e", 1.0, 0.0), ("e", 1.0, 1.0)]
    found = outlines_of(areas, sites)
    assert set(found) == {"region", "w", "e"}
    assert {one.source for one in found.values()} == {FROM_SITES}
    assert found["w"].geometry.contains(shapely.Point(0.49, 0.5))
    assert found["e"].geometry.contains(shapely.Point(0.51, 0.5))
    assert found["w"].geometry.intersection(found["e"].geometry).area == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n_sites", [1, 2])
def test_few_sites_are_enough(n_sites):
    sites = [("a", 0.0, 0.0), ("b", 0.3, 0.1)][:n_sites]
    found = outlines_of([listed("a"), listed("b")], sites)
    assert len(found) == n_sites
    assert all(one.area_km2 > 1 for one in found.values())


def test_what_is_guessed_takes_nothing_from_boundaries_of_the_list():
    areas = [
        listed("region", "admin1", None, shapely.box(0, 0, 3, 1)),
        listed("a", "admin2", "region", square(0, 0)),
        listed("b", "admin2", "region"),
    ]
    found = outlines_of(areas, [("a", 0.9, 0.5), ("b", 1.1, 0.5)])
    assert found["b"].source == FROM_SITES
    assert found["b"].geometry.intersection(found["a"].geometry).area == pytest.approx(0, abs=1e-6)
    assert found["b"].geometry.difference(shapely.box(0, 0, 3, 1)).area == pytest.approx(
        0, abs=1e-6
    )


def test_areas_that_are_each_others_parents_end():
    areas = [listed("a", parent="b", shape=square(0, 0)), listed("b", parent="a")]
    assert set(outlines_of(areas, [])) == {"a", "b"}


def test_the_function_of_sql_is_null_safe_and_in_order():
    kind = pa.list_(
        pa.struct(
            [(n, pa.string()) for n in ("area_id", "area_level", "parent_area_id", "geometry")]
        )
    )
    areas = pa.array(
        [
            [
                {"area_id": "b", "area_level": "m", "parent_area_id": None, "geometry": SQUARE},
                {"area_id": "a", "area_level": "l", "parent_area_id": "b", "geometry": None},
            ],
            None,
            [],
        ],
        kind,
    )
    place = pa.list_(
        pa.struct(
            [("area_id", pa.string()), ("longitude", pa.float64()), ("latitude", pa.float64())]
        )
    )
    sites = pa.array(
        [
            [
                {"area_id": "a", "longitude": 0.5, "latitude": 0.5},
                {"area_id": "a", "longitude": None, "latitude": 0.5},
            ],
            [],
            None,
        ],
        place,
    )
    first, second, third = draw_outlines(areas, sites).to_pylist()
    assert [row["area_id"] for row in first] == ["a", "b"]
    assert [row["outline_source"] for row in first] == [FROM_SITES, FROM_LIST]
    assert json.loads(first[1]["outline"])["type"] == "Polygon"
    assert second is None and third == []
