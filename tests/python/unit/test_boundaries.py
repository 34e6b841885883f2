"""Boundaries and the sites near them: boxes, distances, places and their ground."""

from __future__ import annotations

import json
from itertools import combinations, pairwise

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.geography.boundaries import EARTH_KM, KM_PER_DEGREE, box_of, distances_km
from throng.geography.places import clusters_of, ground_of_places
from throng.udfs.boundaries import boundary_box, cluster_sites, ground_of_sites, sites_near_boundary

SQUARE = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
KM = 1 / KM_PER_DEGREE  # degrees
SITES = pa.list_(pa.struct([("longitude", pa.float64()), ("latitude", pa.float64())]))


def great_circle_km(one, other):
    """Haversine, by hand."""
    east_1, north_1 = np.radians(one)
    east_2, north_2 = np.radians(other).T
    share = (
        np.sin((north_2 - north_1) / 2) ** 2
        + np.cos(north_1) * np.cos(north_2) * np.sin((east_2 - east_1) / 2) ** 2
    )
    return 2 * EARTH_KM * np.arcsin(np.sqrt(share))


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (SQUARE, (0, 0, 1, 1)),
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 7, 5 5)))", (0, 0, 6, 7)),
        ("GEOMETRYCOLLECTION (POINT (9 9), POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0)))", (0, 0, 1, 1)),
        ("POINT (1 1)", None),
        ("Alpha", None),
        ("", None),
        (None, None),
    ],
)
def test_the_box_of_a_boundary(text, box):
    assert box_of(text) == box


def test_inside_on_the_line_and_beyond_it():
    places = np.array([[0.5, 0.5], [1, 0.5], [1 + KM, 0.5], [1 + 2.1 * KM, 0.5], [0.5, -KM]])
    found = distances_km(SQUARE, places, 2.0)
    assert found[:2].tolist() == [0, 0]
    assert found[2] == pytest.approx(np.cos(np.radians(0.5)), rel=1e-4)
    assert np.isnan(found[3])
    assert found[4] == pytest.approx(1, rel=1e-6)


def test_a_place_in_a_hole_is_beyond_the_line():
    text = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0), (0.4 0.4, 0.6 0.4, 0.6 0.6, 0.4 0.6, 0.4 0.4))"
    found = distances_km(text, np.array([[0.5, 0.5], [0.4 + 0.5 * KM, 0.5]]), 2.0)
    assert np.isnan(found[0]) and found[1] == pytest.approx(0.5, rel=1e-3)


def test_far_north_a_degree_is_short():
    text = "POLYGON ((20 69, 21 69, 21 71, 20 71, 20 69))"
    one_km = KM / np.cos(np.radians(70))
    found = distances_km(text, np.array([[21 + one_km, 70], [21 + 2.1 * one_km, 70]]), 2.0)
    assert found[0] == pytest.approx(1, rel=1e-3)
    assert np.isnan(found[1])


@pytest.mark.parametrize("text", [None, "", "Alpha", "POINT (0 0)"])
def test_nothing_is_near_what_is_no_boundary(text):
    assert np.isnan(distances_km(text, np.zeros((3, 2)), 2.0)).all()


FORMS = [
    SQUARE,
    shapely.to_geojson(shapely.from_wkt(SQUARE)),
    shapely.to_wkb(shapely.from_wkt(SQUARE), hex=True),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_spoilt_boundary_is_a_box_or_none_and_never_an_error(text, data):
    """A few characters of it exchanged, lost or doubled."""
    letters = st.sampled_from("0123456789.,-+ ()eEnaif{}[]:POLYGN")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.text(letters, max_size=2)) + text[at + 1 :]
    box = box_of(text)
    found = distances_km(text, np.array([[0.5, 0.5], [7, 7]]), 2.0)
    if box is None:
        assert np.isnan(found).all()
    else:
        assert np.isfinite(box).all() and box[0] <= box[2] and box[1] <= box[3]


DEGREES = st.floats(-0.2, 1.2).map(lambda number: round(number, 6))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=20), st.floats(0, 60))
def test_distances_are_those_to_the_nearest_of_many_points_of_the_line(places, latitude):
    """Second calculation: great circles to a thousand points of each side."""
    corners = [(0, 0), (1, 0), (0.7, 0.5), (1, 1), (0, 1), (0, 0)]
    corners = [(east, north + latitude) for east, north in corners]
    line = np.concatenate([np.linspace(*side, 1_001) for side in pairwise(corners)])
    shape = shapely.Polygon(corners)
    moved = np.array(places) + np.array([0, latitude])
    found = distances_km(shape.wkt, moved, 5.0)
    for place, distance in zip(moved, found, strict=True):
        nearest = great_circle_km(place, line).min()
        if shape.intersects(shapely.Point(place)):
            assert distance == 0
        elif np.isnan(distance):
            assert nearest > 5.0 * 0.997
        else:
            assert distance == pytest.approx(nearest, rel=0.003, abs=0.06)


def test_two_sites_within_a_kilometre_are_one_place_and_beyond_it_two():
    assert clusters_of(np.array([[0, 0], [0.99 * KM, 0]]), 1.0).tolist() == [1, 1]
    assert clusters_of(np.array([[0, 0], [1.01 * KM, 0]]), 1.0).tolist() == [1, 2]
    # At 60 degrees north a degree of longitude is half as long.
    assert clusters_of(np.array([[0, 60], [1.98 * KM, 60]]), 1.0).tolist() == [1, 1]


def test_a_chain_of_neighbours_is_not_one_place():
    """A town of a hundred sites, 900 m from each to the next."""
    sites = np.array([[n * 0.9 * KM, 0] for n in range(100)])
    assert len(set(clusters_of(sites, 1.0))) >= 50


def test_no_sites_are_no_places():
    assert clusters_of(np.zeros((0, 2)), 1.0).tolist() == []


TOWN = st.integers(0, 40).map(lambda n: n * 0.2 * KM)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(TOWN, TOWN), min_size=1, max_size=40, unique=True), st.randoms())
def test_places_are_ward_whole_and_the_same_in_any_order(towns, random):
    """Ward's rule on all sites at once gives the same partition, and no place is wide."""
    from scipy.cluster.hierarchy import fcluster, linkage

    sites = np.array(towns)
    found = clusters_of(sites, 1.0)
    assert set(found) == set(range(1, found.max() + 1))
    mixed = list(range(len(sites)))
    random.shuffle(mixed)
    assert clusters_of(sites[mixed], 1.0).tolist() == found[mixed].tolist()
    for place in set(found):
        members = [town for town, one in zip(towns, found, strict=True) if one == place]
        squares = [great_circle_km(a, b) ** 2 for a, b in combinations(members, 2)]
        assert not squares or np.mean(squares) <= 1.0 + 1e-6
    # Where no two joins are equally near, there is one answer.
    noisy = sites + np.random.default_rng(len(sites)).uniform(0, 0.05 * KM, sites.shape)
    whole = fcluster(linkage(noisy / KM, "ward"), 1.0, "distance") if len(sites) > 1 else [1]
    parts = clusters_of(noisy, 1.0)
    assert len(set(zip(whole, parts, strict=True))) == len(set(whole)) == len(set(parts))


def test_the_ground_of_places_fills_the_country_and_does_not_overlap():
    random = np.random.default_rng(3)
    places = [tuple(place) for place in random.uniform(0, 2, (30, 2)).round(4).tolist()]
    boundaries = [SQUARE, "POLYGON ((1 0, 2 0, 2 2, 1 1, 1 0))", None, "no boundary"]
    grounds = ground_of_places(places, boundaries)
    country = shapely.union_all([shapely.from_wkt(text) for text in boundaries[:2]])
    assert shapely.union_all(grounds).symmetric_difference(country).area < 1e-9
    assert sum(ground.area for ground in grounds) == pytest.approx(country.area, abs=1e-9)
    for place, ground in zip(places, grounds, strict=True):
        if country.contains(shapely.Point(place)):
            assert ground.contains(shapely.Point(place))


def test_far_north_the_ground_is_that_which_is_nearest_on_the_globe():
    """In degrees the spot is nearer to the second place, in kilometres to the first."""
    first, second, spot = (0.0, 60.0), (0.6, 60.6), (0.6, 60.2)
    assert great_circle_km(spot, first) < great_circle_km(spot, second)
    assert np.hypot(0.6, 0.2) > 0.4
    grounds = ground_of_places([first, second], ["POLYGON ((-1 59, 2 59, 2 61, -1 61, -1 59))"])
    assert grounds[0].contains(shapely.Point(spot))


def test_one_place_has_the_whole_country_and_without_boundaries_there_is_a_margin():
    [ground] = ground_of_places([(0.5, 0.5)], [SQUARE])
    assert ground.equals(shapely.from_wkt(SQUARE))
    one, two = ground_of_places([(0.0, 0.0), (1.0, 0.0)], [])
    assert one.contains(shapely.Point(0, 0)) and two.contains(shapely.Point(1, 0))
    assert ground_of_places([], [SQUARE]) == []


def test_functions_of_sql_are_null_safe_and_in_order():
    boxes = boundary_box(pa.array([SQUARE, None, "nowhere"])).to_pylist()
    assert boxes == [{"west": 0, "south": 0, "east": 1, "north": 1}, None, None]
    inside, beyond, half = (
        {"longitude": 0.5, "latitude": 0.5},
        {"longitude": 5.0, "latitude": 5.0},
        {"longitude": 0.5, "latitude": None},
    )
    sites = pa.array([[beyond, half, inside], None, [inside], []], SITES)
    near = sites_near_boundary(
        pa.array([SQUARE, SQUARE, None, SQUARE]), sites, pa.array([2.0, 2.0, 2.0, 2.0])
    )
    assert near.to_pylist() == [[{**inside, "distance_km": 0.0}], None, None, []]
    clustered = cluster_sites(sites, pa.array([1.0, 1.0, None, 1.0])).to_pylist()
    assert clustered == [
        [{**inside, "site_cluster_id": 1}, {**beyond, "site_cluster_id": 2}],
        None,
        None,
        [],
    ]
    kind = pa.list_(pa.struct([("site_cluster_id", pa.int32()), *SITES.value_type]))
    numbered = [{"site_cluster_id": 2, **inside}, {"site_cluster_id": 1, **half}]
    ground = ground_of_sites(
        pa.array([numbered, None, []], kind), pa.array([[SQUARE], [SQUARE], None])
    ).to_pylist()
    assert [row["site_cluster_id"] for row in ground[0]] == [2]
    assert json.loads(ground[0][0]["outline"])["type"] == "Polygon"
    assert ground[1:] == [None, []]


def test_a_slice_of_an_array_is_read_from_where_it_begins():
    """Spark hands over parts of larger arrays."""
    place = {"longitude": 0.5, "latitude": 0.5}
    sites = pa.array([[{"longitude": 9.0, "latitude": 9.0}], [place]], SITES).slice(1)
    [found] = sites_near_boundary(pa.array([SQUARE]), sites, pa.array([2.0])).to_pylist()
    assert found == [{**place, "distance_km": 0.0}]
