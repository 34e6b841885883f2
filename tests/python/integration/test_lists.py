"""The lists of cells and areas: checked like events, and the area of a cell by boundaries."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import shapely

from tests.python.conftest import PROJECT, WITHOUT_UNIT_TESTS, Server, run_throng, state
from tests.python.support.tiny_landing import AREAS, CELLS, stopped_at_lists

TOGO = PROJECT.parent / "shared/data/togo"
KM = 180 / (np.pi * 6371.0088)  # degrees
EVENTS = "subscriber_id,event_at,cell_id\n1,2020-02-01 10:00:00,c1\n"


def landing_with(folder: Path, **files: str | dict[str, str]) -> Path:
    """A landing folder: events and lists, a text for each, or several by name."""
    for name, texts in {"events": EVENTS, "cell_sites": CELLS, "areas": AREAS, **files}.items():
        (folder / name).mkdir(parents=True)
        for file, text in ({"file.csv": texts} if isinstance(texts, str) else texts).items():
            (folder / name / file).write_text(text)
    return folder


def table(header: str, *rows: tuple) -> str:
    """A CSV file; what is None is empty."""
    lines = [",".join("" if v is None else f'"{v}"' for v in row) for row in rows]
    return "\n".join([header, *lines, ""])


# Two regions of two districts each, a degree wide; between 12 and 21 a gap of 3 km, no parent that
# has a boundary, sea around.
DISTRICTS = {
    "11": shapely.box(0, 0, 1, 1),
    "12": shapely.box(1, 0, 2, 1),
    "21": shapely.box(2 + 3 * KM, 0, 3, 1),
    "22": shapely.box(3, 0, 4, 1),
}
COUNTRY_AREAS = table(
    "area_id,area_level,area_name,parent_area_id,geometry",
    *[(region, "region", f"Region {region}", None, None) for region in "12"],
    ("3", "region", "Region 3", None, "POLYGON ((0 0, 1 0"),
    *[(name, "district", name, name[0], shape.wkt) for name, shape in DISTRICTS.items()],
    ("11", "district", "11", "1", DISTRICTS["11"].wkt),  # a copy
    (None, "district", "nobody", "1", None),
)
COUNTRY_CELLS = {
    "2020-01.csv": table(
        "cell_id,longitude,latitude,area_id,valid_from",
        ("c1", 0.5, 0.5, None, None),
        ("c1b", "0,500001", "0,5", None, None),  # a metre away
        ("on the border", 1, 0.5, None, None),
        ("in the gap", 2 + 1 * KM, 0.5, None, None),
        ("at sea", 3.5, -1.5 * KM, None, None),
        ("far out", 3.5, -3 * KM, None, None),
        ("7001.0", 3.5, 0.5, None, None),
        ("elsewhere", 0.2, 0.2, "22", None),
        ("nowhere", None, None, "12", None),
        ("moved", 0.5, 0.2, None, None),
        ("c1", 0.5, 0.5, None, None),  # a copy
        ("half", 0.5, None, None, None),
        ("east", 1000, 0, None, None),
        (None, 0.5, 0.5, None, None),
    )
    + "short,0.5\n",
    "2020-02.csv": table(
        "cell_id,longitude,latitude,area_id,valid_from",
        ("c1", 0.5, 0.5, None, None),
        ("moved", 3.5, 0.7, None, "2020-02-10"),
    ),
}
COUNTRY_EVENTS = table(
    "subscriber_id,event_at,cell_id",
    (1, "2020-02-09 23:59:59", "moved"),
    (1, "2020-02-10 00:00:00", "moved"),
    (1, "2020-02-11 09:00:00", "7001"),
    (1, "2020-02-11 10:00:00", "7001.0"),
    (1, "2020-02-11 11:00:00", "nowhere"),
    (1, "2020-02-11 12:00:00", "far out"),
)
PLACED = {
    "c1": ("11", "inside"),
    "c1b": ("11", "inside"),
    "on the border": ("11", "inside"),
    "in the gap": ("12", "nearest"),
    "at sea": ("22", "nearest"),
    "far out": (None, None),
    "7001": ("22", "inside"),
    "elsewhere": ("22", "listed"),
    "nowhere": ("12", "listed"),
}


@pytest.fixture(scope="module")
def country(server, tmp_path_factory) -> Server:
    """A build of the small country as far as its lists are read, tested."""
    landing = landing_with(
        tmp_path_factory.mktemp("country"),
        events=COUNTRY_EVENTS,
        cell_sites=COUNTRY_CELLS,
        areas=COUNTRY_AREAS,
    )
    selected = "+int_events_without_stop +int_site_cluster_outlines +int_area_list rejected_cells"
    tests = "assert_every_list_row_is_accounted_for assert_finest_areas_have_every_level"
    done = server.dbt(
        *("build", "--indirect-selection", "empty", "--select"),
        *f"{selected} rejected_areas rejected_events {tests}".split(),
        landing=landing,
    )
    assert done.returncode == 0, done.stdout
    assert "PASS assert_every_list_row_is_accounted_for" in done.stdout
    return server


def test_a_cell_is_in_the_area_around_it_or_in_the_nearest(country):
    found = country.query(
        "select cell_id, area_id, area_source from protected.int_cell_site_versions "
        "where cell_id <> 'moved'"
    )
    assert {cell: (area, source) for cell, area, source in found} == PLACED
    outside = "select cell_id from protected.int_cell_site_versions where is_outside_listed_area"
    assert country.query(outside) == [("elsewhere",)]
    # Every level follows the parents, though no region has a boundary.
    levels = "select area_level, area_id from protected.int_area_list"
    regions = {("region", "1"), ("region", "2")}
    assert set(country.query(levels)) == {*regions, *(("district", d) for d in ("11", "12", "22"))}


def test_of_a_cell_that_moved_both_deliveries_are_kept(country):
    versions = country.query(
        "select area_id, cast(valid_from as string), cast(valid_to as string) "
        "from protected.int_cell_site_versions where cell_id = 'moved' order by valid_from"
    )
    moved = "2020-02-10 00:00:00"
    assert versions == [
        ("11", "0001-01-01 00:00:00", moved),
        ("22", moved, "9999-12-31 00:00:00"),
    ]
    events = country.query(
        "select cast(event_at as string), area_id from protected.int_events_checked "
        "where event_date is not null"
    )
    assert dict(events) == {
        "2020-02-09 23:59:59": "11",
        "2020-02-10 00:00:00": "22",
        "2020-02-11 09:00:00": "22",
        "2020-02-11 10:00:00": "22",
        "2020-02-11 11:00:00": "12",
        "2020-02-11 12:00:00": None,
    }


def test_every_row_that_is_refused_has_a_reason(country):
    cells = "select reject_reason, source_file, count(*) from protected.rejected_cells group by all"
    assert set(country.query(cells)) == {
        ("duplicate", "2020-02.csv", 1),
        ("duplicate", "2020-01.csv", 1),
        ("invalid_coordinate", "2020-01.csv", 2),
        ("malformed_row", "2020-01.csv", 1),
        ("missing_cell", "2020-01.csv", 1),
    }
    areas = "select reject_reason, count(*) from protected.rejected_areas group by all"
    assert set(country.query(areas)) == {("duplicate", 1), ("missing_area", 1)}


def test_what_can_be_in_no_stop_is_counted_and_said(country):
    without = "select area_id, n_events, n_subscribers from protected.int_events_without_stop"
    assert country.query(without) == [("12", 1, 1)]
    said = run_throng("summary", env=country.env).stdout.splitlines()
    assert {" ".join(line.split()) for line in said} >= {
        "Cells 10 (7 by boundaries, 2 of them outside all, in the nearest)",
        "rows not read 8 (4 of cells, 1 of areas, 1 of boundaries, 2 of copies)",
        "without an area 1 (their events count nowhere)",
        "contradicted 1 (outside the boundary of the area they are listed in)",
        "no coordinates 1 (1 events in no stop; in 12 those of 1 people)",
    }


def test_places_share_the_country(country):
    """Two cells a metre apart are one place; the ground of all places is the country."""
    clusters = dict(
        country.query("select cell_id, site_cluster_id from protected.int_cell_site_versions")
    )
    assert clusters["c1"] == clusters["c1b"] != clusters["elsewhere"]
    assert clusters["nowhere"] is None
    places = country.query(
        "select site_cluster_id, n_sites, outline from protected.int_site_cluster_outlines"
    )
    assert len(places) == len({place for place, *_ in places}) == 9
    assert sum(n_sites for _, n_sites, _ in places) == 10
    grounds = [shapely.from_geojson(outline) for *_, outline in places if outline]
    whole = shapely.union_all(list(DISTRICTS.values()))
    assert shapely.union_all(grounds).symmetric_difference(whole).area < 1e-9
    assert sum(ground.area for ground in grounds) == pytest.approx(whole.area)


def test_lists_that_contradict_themselves_stop_with_a_sentence_each(server, tmp_path):
    """All at once, and nothing that reads the lists is made."""
    landing = landing_with(
        tmp_path,
        cell_sites=CELLS.replace("0,0", '"36,8",1.3') + "c1,36.8,1.3,a2\nc2,36.8,1.3,zz\n",
        areas=table(
            "area_id,area_level,area_name,parent_area_id,geometry,population",
            (
                "a1",
                "district",
                "A",
                "r",
                "POLYGON ((300000 0, 310000 0, 310000 9000, 300000 0))",
                1,
            ),
            ("a2", "district", "B", None, None, 1),
            ("a2", "district", "Beta", None, None, 1),
        ),
    )
    server.query("drop table if exists protected.int_cells_placed")
    done = server.dbt(
        *("build", *WITHOUT_UNIT_TESTS, "test", "--select", "+int_events_checked"), landing=landing
    )
    said = stopped_at_lists(done)
    assert "created sql kept_table model protected.int_cells_placed" not in done.stdout
    for sentence in (
        "areas/file.csv: 1 area ids stand in rows that differ, such as a2. Keep one row",
        "areas/file.csv: 1 areas have a parent that is not in areas/, such as r. Add it",
        "reach to 310,000 east, 9,000 north: these are no degrees. Convert them to WGS 84",
        "cell_sites/file.csv: 1 of the cells stand at two places at one time, such as c1 in area "
        "a1 and in area a2. Where a cell has moved, give the dates (valid_from)",
        "cell_sites/file.csv: 1 rows name an area that is not in areas/, such as zz. Add it there",
    ):
        assert sentence in said, said


def test_towers_of_togo_are_where_geopandas_finds_them(server, tmp_path):
    """297 antennas, 40 prefectures, 5 regions: point in polygon, and the nearest within 2 km."""
    if not TOGO.exists():
        pytest.skip(f"NOT TRIED: the towers of Togo are not there ({TOGO.name})")
    import geopandas

    regions, prefectures = (
        geopandas.read_file(TOGO / f"{level}.geojson") for level in ("regions", "prefectures")
    )
    with (TOGO / "antennas.csv").open() as stream:
        antennas = list(csv.DictReader(stream))
    areas = [(f"p {n}", "prefecture", n, None, g.wkt) for n, g in prefectures.values.tolist()]
    areas += [(f"r {n}", "region", n, None, g.wkt) for n, g in regions.values.tolist()]
    # One antenna has no coordinates, and no area in the list: it is nowhere.
    sites = [(a["antenna_id"], a["longitude"], a["latitude"]) for a in antennas if a["latitude"]]
    assert len(antennas) == 297
    # Out of the country by up to 2 km and more: in the nearest prefecture, or in none.
    random = np.random.default_rng(5)
    line = regions.union_all().boundary
    around = [line.interpolate(share, normalized=True) for share in random.uniform(0, 1, 60)]
    moved = random.uniform(-0.02, 0.02, (60, 2)).round(5)
    sites += [
        (f"near {n}", p.x + dx, p.y + dy)
        for n, (p, (dx, dy)) in enumerate(zip(around, moved, strict=True))
    ]
    landing = landing_with(
        tmp_path,
        cell_sites=table("cell_id,longitude,latitude", *sites),
        areas=table("area_id,area_level,area_name,parent_area_id,geometry", *areas),
    )
    server.build_untested(landing, "--select", "+int_cell_site_versions")
    found = {
        cell: (area, source)
        for cell, area, source in server.query(
            "select cell_id, area_id, area_source from protected.int_cell_site_versions"
        )
    }
    points = geopandas.GeoDataFrame(
        {"cell_id": [site[0] for site in sites]},
        geometry=[shapely.Point(*map(float, site[1:])) for site in sites],
        crs="EPSG:4326",
    )
    joined = points.sjoin(prefectures, predicate="intersects")
    assert not joined["cell_id"].duplicated().any()
    inside = dict(zip(joined["cell_id"], "p " + joined["region"], strict=True))
    rest = points[~points["cell_id"].isin(inside)].to_crs("EPSG:32631")
    near = rest.sjoin_nearest(prefectures.to_crs("EPSG:32631"), distance_col="metres")
    near = near.sort_values(["cell_id", "metres"]).drop_duplicates("cell_id")
    # The projection is off by up to 0.04 %.
    assert not near["metres"].between(1_990, 2_010).any()
    nearest = {
        cell: f"p {area}"
        for cell, area, metres in near[["cell_id", "region", "metres"]].values.tolist()
        if metres < 2_000
    }
    print(f"{len(inside)} inside, {len(nearest)} in the nearest, {len(sites)} in all")
    assert len(inside) > 290 and len(nearest) > 10 and len(inside) + len(nearest) < len(sites)
    assert found == {
        site[0]: (inside[site[0]], "inside")
        if site[0] in inside
        else (nearest.get(site[0]), "nearest" if site[0] in nearest else None)
        for site in sites
    }


def cpu_seconds(server: Server) -> float:
    """What the server and its Python workers have worked so far, whatever else the machine did."""
    driver = psutil.Process(state(server)["pid"])
    return sum(sum(one.cpu_times()[:4]) for one in [driver, *driver.children(recursive=True)])


@pytest.mark.long
def test_ten_thousand_cells_and_ten_thousand_polygons(server, tmp_path):
    """How long it takes is printed: 60 seconds were asked for on two cores."""
    random = np.random.default_rng(8)
    corners = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    shapes = {}
    for row in range(100):
        for column in range(100):
            radius = 0.055 * (1 + 0.2 * random.random(100))
            ring = np.column_stack((np.cos(corners), np.sin(corners))) * radius[:, None]
            shapes[f"{row}-{column}"] = shapely.Polygon(ring + np.array([column, row]) / 10)
    areas = [(name, "ward", name, None, shape.wkt) for name, shape in shapes.items()]
    sites = random.uniform(0, 10, (10_000, 2)).round(5).tolist()
    landing = landing_with(
        tmp_path,
        cell_sites=table(
            "cell_id,longitude,latitude", *[(f"c{n}", *site) for n, site in enumerate(sites)]
        ),
        areas=table("area_id,area_level,area_name,parent_area_id,geometry", *areas),
    )
    started, worked = time.monotonic(), cpu_seconds(server)
    server.build_untested(landing, "--select", "+int_cell_site_versions")
    took = {"seconds": time.monotonic() - started, "cpu_seconds": cpu_seconds(server) - worked}
    found = dict(
        server.query(
            "select cell_id, area_id from protected.int_cell_site_versions where "
            "area_source = 'inside'"
        )
    )
    tree = shapely.STRtree(list(shapes.values()))
    cells, polygons = tree.query(shapely.points(sites), predicate="intersects")
    expected: dict[str, str] = {}
    for cell, polygon in zip(cells.tolist(), polygons.tolist(), strict=True):
        name = areas[polygon][0]
        expected[f"c{cell}"] = min(expected.get(f"c{cell}", name), name)
    took = {name: round(seconds, 1) for name, seconds in took.items()}
    print(json.dumps({"cells": len(sites), "polygons": len(areas), **took}))
    assert found == expected
