"""`throng areas import`: boundaries as people have them become the list of areas, or a sentence."""

from __future__ import annotations

import json
import shutil
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.python.support.imports import (
    COLUMNS,
    TOGO,
    districts,
    geojson,
    needs_togo,
    rows_of,
    run,
    square,
)
from throng.geography.areas import mended_shape
from throng.geography.dateline import crosses_dateline, cut_at_dateline
from throng.geography.landed import WRITTEN_OF_AREA
from throng.geography.outlines import ListedArea, area_km2_of, boundary_of, outlines_of
from throng.landing.feeds import AREA_COLUMNS, CELL_SITE_COLUMNS
from throng.landing.inspect import inspect_landing


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


@pytest.fixture
def here(tmp_path):
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def imported(landing, file, *options, level="admin2"):
    """The rows of a level, imported without a problem, and what was said."""
    code, said, wrong = run("areas", file, "--level", level, *COLUMNS, *options, landing=landing)
    assert (code, wrong) == (0, ""), said + wrong
    return rows_of(landing / "areas" / f"{level}.csv"), said


def refused(landing, *arguments, level="admin2"):
    """What is said of a run that refuses all; nothing is written."""
    code, said, wrong = run("areas", "--level", level, *arguments, landing=landing)
    assert code == 1, said
    assert wrong.lstrip().startswith("Error: ") and "Traceback" not in wrong
    assert not (landing / "areas" / f"{level}.csv").exists()
    return wrong


def test_a_row_has_all_that_a_build_reads(landing, here):
    rows, said = imported(
        landing, districts(here), "--population-column", "people", "--source", "Office of Maps"
    )
    assert list(rows[0]) == list(WRITTEN_OF_AREA)
    assert list(AREA_COLUMNS) == list(WRITTEN_OF_AREA)[: len(AREA_COLUMNS)]
    assert [row["area_id"] for row in rows] == ["D1", "D2"]
    assert {row["area_level"] for row in rows} == {"admin2"}
    assert {row["parent_area_id"] for row in rows} == {""}
    assert {row["boundary_source"] for row in rows} == {"Office of Maps"}
    assert [row["population"] for row in rows] == ["100", "200"]
    assert boundary_of(rows[0]["geometry"]).equals(shapely.box(0, 0, 1, 1))
    assert "300 people" in said and "2 areas of admin2" in said


def test_centroid_and_extent_are_those_that_a_build_works_out(landing, here):
    """One truth: the same functions, on the geometry that was written."""
    rows, _ = imported(landing, districts(here))
    outlines = outlines_of(
        [ListedArea(row["area_id"], row["area_level"], None, row["geometry"]) for row in rows], []
    )
    for row in rows:
        outline = outlines[row["area_id"]]
        assert float(row["centroid_longitude"]) == outline.longitude
        assert float(row["centroid_latitude"]) == outline.latitude
        assert float(row["area_km2"]) == outline.area_km2


@pytest.mark.parametrize("name", ["d.shp", "d.gpkg", "d.geojson", "d.zip", "deep.zip", "many.zip"])
@pytest.mark.parametrize("crs", [4326, 32631, 3857])
def test_every_kind_of_file_in_any_coordinate_system(landing, here, name, crs):
    frame = gpd.read_file(districts(here)).to_crs(crs)
    if name == "d.geojson":
        geojson_file = here / "d2.geojson"
        frame.to_file(geojson_file, driver="GeoJSON")
        file, options = geojson_file, ["--crs", f"EPSG:{crs}"]
    elif name.endswith(".zip"):
        frame.to_file(here / "d.shp")
        folder = {"d.zip": "", "deep.zip": "a/b/", "many.zip": ""}[name]
        with zipfile.ZipFile(here / name, "w") as archive:
            for part in here.glob("d.*"):
                if part.suffix != ".geojson":
                    archive.write(part, f"{folder}{part.name}")
            if name == "many.zip":
                for part in here.glob("d.*"):
                    if part.suffix != ".geojson":
                        archive.write(part, f"e{part.suffix}")
        file, options = here / name, ["--layer", "d"] if name == "many.zip" else []
    else:
        frame.to_file(here / name)
        file, options = here / name, []
    rows, said = imported(landing, file, *options)
    assert f"EPSG:{crs}" in said
    for row, box in zip(rows, [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], strict=True):
        shape = boundary_of(row["geometry"])
        assert shapely.hausdorff_distance(shape, box) < 1e-9
        assert shapely.get_num_coordinates(shape) == 5  # nothing is simplified


def test_a_shapefile_without_prj_needs_a_coordinate_system(landing, here):
    gpd.read_file(districts(here)).to_crs(32631).to_file(here / "d.shp")
    (here / "d.prj").unlink()
    wrong = refused(landing, here / "d.shp", *COLUMNS)
    assert "d.shp does not say its coordinate system (there is no d.prj)" in wrong
    assert "--crs" in wrong
    rows, _ = imported(landing, here / "d.shp", "--crs", "EPSG:32631")
    assert shapely.hausdorff_distance(boundary_of(rows[0]["geometry"]), shapely.box(0, 0, 1, 1)) < (
        1e-9
    )


def test_a_layer_of_several(landing, here):
    frame = gpd.read_file(districts(here))
    frame.to_file(here / "d.gpkg", layer="districts")
    frame.head(1).to_file(here / "d.gpkg", layer="lakes")
    wrong = refused(landing, here / "d.gpkg", *COLUMNS)
    assert "several layers: districts, lakes. Name one by --layer." in wrong
    assert "no layer 'x'" in refused(landing, here / "d.gpkg", *COLUMNS, "--layer", "x")
    rows, _ = imported(landing, here / "d.gpkg", "--layer", "districts")
    assert len(rows) == 2


def test_a_ring_that_crosses_itself_is_repaired_and_said(landing, here):
    bow = {"type": "Polygon", "coordinates": [[[5, 5], [6, 6], [6, 5], [5, 6], [5, 5]]]}
    rows, said = imported(landing, districts(here, ({"code": "D3", "name": "Three"}, bow)))
    shape = boundary_of(rows[2]["geometry"])
    assert shape.is_valid and shape.area == pytest.approx(0.5)
    assert "d.geojson 3 (D3)  self-intersection at 5.50000 5.50000: repaired" in said
    assert f"{area_km2_of(shape):,.3f} km2 now" in said


def test_parts_that_overlap_are_one_ground_not_a_hole():
    overlapping = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    shape, mended, problem = mended_shape(overlapping)
    assert shape.is_valid and shape.area == pytest.approx(7)
    assert len(mended) == 1 and not problem


def test_a_ring_that_is_not_closed_is_closed_and_said(landing, here):
    frame = gpd.read_file(districts(here))
    open_ring = square(0, 0)
    open_ring["coordinates"][0].pop()
    file = geojson(here / "o.geojson", [({"code": "D9", "name": "Nine"}, open_ring)])
    rows, _ = imported(landing, file)
    assert boundary_of(rows[0]["geometry"]).equals(frame.geometry[0])


def test_heights_are_left_out_and_said(landing, here):
    rows, said = imported(
        landing, districts(here, ({"code": "D3", "name": "Three"}, square(3, 0, height=12.5)))
    )
    assert not boundary_of(rows[2]["geometry"]).has_z
    assert shapely.hausdorff_distance(
        boundary_of(rows[2]["geometry"]), shapely.box(3, 0, 4, 1)
    ) == (0)
    assert "1 with heights (Z): left out" in said


def test_points_and_lines_beside_polygons_are_left_out_and_said(landing, here):
    mixed = {
        "type": "GeometryCollection",
        "geometries": [square(3, 0), {"type": "Point", "coordinates": [9, 9]}],
    }
    rows, said = imported(landing, districts(here, ({"code": "D3", "name": "Three"}, mixed)))
    assert boundary_of(rows[2]["geometry"]).equals(shapely.box(3, 0, 4, 1))
    assert "d.geojson 3 (D3)  has points or lines beside polygons: left out" in said


@pytest.mark.parametrize(
    ("corners", "west_of_180", "east_of_180"),
    [
        # Longitudes beyond 180, as files of the Pacific have them, or below -180.
        ([[178, -18], [183, -18], [183, -16], [178, -16]], (178, 180), (-180, -177)),
        ([[-182, -18], [-177, -18], [-177, -16], [-182, -16]], (178, 180), (-180, -177)),
        # An edge from 178 to -177, which on paper goes round the earth.
        ([[178, -18], [-177, -18], [-177, -16], [178, -16]], (178, 180), (-180, -177)),
    ],
)
def test_a_boundary_over_longitude_180_is_cut_there_and_said(
    landing, here, corners, west_of_180, east_of_180
):
    ring = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    rows, said = imported(landing, districts(here, ({"code": "F", "name": "Over"}, ring)))
    shape = boundary_of(rows[2]["geometry"])
    wanted = shapely.union_all(
        [shapely.box(west, -18, east, -16) for west, east in (west_of_180, east_of_180)]
    )
    assert shape.symmetric_difference(wanted).area == pytest.approx(0, abs=1e-9)
    assert "reaches over longitude 180: cut there" in said
    assert float(rows[2]["centroid_longitude"]) == pytest.approx(-179.5)
    assert float(rows[2]["area_km2"]) == area_km2_of(wanted)


def test_a_hole_over_longitude_180_stays_a_hole():
    with_hole = shapely.Polygon(
        [(170, 0), (-170, 0), (-170, 10), (170, 10)],
        [[(179, 4), (-179, 4), (-179, 6), (179, 6)]],
    )
    assert crosses_dateline(with_hole)
    shape = cut_at_dateline(with_hole)
    assert shape.area == pytest.approx(20 * 10 - 2 * 2)
    assert not shapely.intersects_xy(shape, 179.5, 5) and shapely.intersects_xy(shape, -175, 5)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(-180, -90, 180, 90),
        shapely.Polygon([(-180, -90), (180, -90), (180, -70), (0, -65), (-180, -70)]),
        shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)]),
        shapely.box(-170, 0, 10, 5),
    ],
)
def test_what_is_drawn_on_one_map_is_left_as_it_is(shape):
    assert not crosses_dateline(shape)


@given(st.floats(-179.9, 179.9), st.floats(-80, 80), st.floats(0.01, 9), st.floats(0.01, 9))
def test_cut_or_not_the_ground_is_the_same(west, south, width, height):
    """A box that begins anywhere, with its corners as a file of one map has them."""
    box = shapely.box(west, south, west + width, south + height)
    wrapped = shapely.transform(
        box, lambda xy: np.column_stack([(xy[:, 0] + 180) % 360 - 180, xy[:, 1]])
    )
    for shape in (box, wrapped):
        cut, _, problem = mended_shape(shape)
        assert not problem and cut.is_valid
        assert cut.bounds[0] >= -180 and cut.bounds[2] <= 180
        assert cut.area == pytest.approx(box.area, rel=1e-6, abs=1e-9)


def test_all_that_is_wrong_is_said_at_once_with_the_feature_named(landing, here):
    point = {"type": "Point", "coordinates": [1, 1]}
    line = {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}
    flat = {"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [1, 1], [1, 1]]]}
    file = districts(
        here,
        ({"code": "D1", "name": "Again"}, square(3, 0)),
        ({"code": None, "name": "Nameless id"}, square(4, 0)),
        ({"code": "  ", "name": "Blank id"}, square(5, 0)),
        ({"code": "D6", "name": None}, square(6, 0)),
        ({"code": "D7", "name": "No ground"}, None),
        ({"code": "D8", "name": "Point"}, point),
        ({"code": "D9", "name": "Line"}, line),
        ({"code": "D10", "name": "Flat"}, flat),
        ({"code": "D11", "name": "Crowd", "people": -5}, square(7, 0)),
        ({"code": "D2", "name": "Twice wrong"}, None),
        ({"code": None, "name": None}, None),
    )
    wrong = refused(landing, file, *COLUMNS, "--population-column", "people")
    lines = [" ".join(line.split()) for line in wrong.splitlines()]
    assert "Error: 11 of 13 features cannot be areas of admin2; nothing was written:" in lines
    for line in [
        "d.geojson 3 (Again) its id 'D1' is also that of 1 (One): an area is one feature; give it "
        "one id, or merge its parts",
        "d.geojson 4 (Nameless id) no id in code",
        "d.geojson 5 (Blank id) no id in code",
        "d.geojson 6 (D6) no name in name",
        "d.geojson 7 (D7) no geometry",
        "d.geojson 8 (D8) its geometry is a point, not an area of polygons",
        "d.geojson 9 (D9) its geometry is a line, not an area of polygons",
        "d.geojson 10 (D10) its rings hold no ground",
        "d.geojson 11 (D11) population '-5' is no number of people: write digits alone",
        "d.geojson 12 (D2) no geometry",
        "d.geojson 12 (Twice wrong) its id 'D2' is also that of 2 (Two): an area is one feature; "
        "give it one id, or merge its parts",
        *(f"d.geojson 13 {reason}" for reason in ("no geometry", "no id in code")),
    ]:
        assert line in lines, wrong


def test_ids_of_two_files_and_of_other_levels_may_not_clash(landing, here):
    one = districts(here, name="one.geojson")
    two = geojson(here / "two.geojson", [({"code": "D2", "name": "Other"}, square(8, 0))])
    wrong = refused(landing, one, two, *COLUMNS)
    assert "two.geojson 1 (Other)" in wrong and "also that of one.geojson 2 (Two)" in wrong
    imported(landing, one, level="admin1")
    wrong = refused(landing, two, *COLUMNS)
    assert "its id is also that of an area of admin1: tell them apart by --id-prefix" in wrong
    rows, _ = imported(landing, two, "--id-prefix", "x")
    assert [row["area_id"] for row in rows] == ["xD2"]


def test_ids_of_several_columns_are_joined_by_hyphens(landing, here):
    file = geojson(
        here / "s.geojson",
        [
            ({"region": "N", "code": 1.0, "name": "Same"}, square(0, 0)),
            ({"region": "S", "code": 1.0, "name": "Same"}, square(1, 0)),
        ],
    )
    rows, _ = imported(landing, file, "--id-column", "region")
    assert [row["area_id"] for row in rows] == ["1-N", "1-S"]


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (["01", "02"], ["01", "02"]),
        ([1, 2], ["1", "2"]),
        ([1.0, 2.0], ["1", "2"]),
        ([" a ", "b\n c"], ["a", "b c"]),
        ([2**53 - 1, 5], [str(2**53 - 1), "5"]),
    ],
)
def test_ids_are_taken_as_they_are_written(landing, here, ids, wanted):
    frame = gpd.GeoDataFrame(
        {"code": ids, "name": ["A", "B"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs=4326,
    )
    frame.to_file(here / "i.gpkg")
    rows, _ = imported(landing, here / "i.gpkg")
    assert [row["area_id"] for row in rows] == wanted


def test_parts_of_numbers_are_no_ids(landing, here):
    frame = gpd.read_file(districts(here)).assign(code=[1.0, 1.5])
    frame.to_file(here / "h.gpkg")
    assert "its id is the number 1.5" in refused(landing, here / "h.gpkg", *COLUMNS)


def test_a_parent_is_the_area_with_the_largest_overlap(landing, here):
    regions = geojson(
        here / "r.geojson",
        [
            ({"code": "R1", "name": "West"}, square(0, 0, 1)),
            ({"code": "R2", "name": "East"}, square(1, 0, 1)),
        ],
    )
    imported(landing, regions, level="admin1")
    file = geojson(
        here / "p.geojson",
        [
            ({"code": "inside", "name": "a"}, square(0.2, 0.2, 0.1)),
            ({"code": "more east", "name": "b"}, square(0.8, 0.2, 0.5)),
            ({"code": "mostly sea", "name": "c"}, square(1.9, 0.9, 1)),
            ({"code": "equal", "name": "d"}, square(0.75, 0.25, 0.5)),
        ],
    )
    rows, said = imported(landing, file, "--parent-level", "admin1")
    assert {row["area_id"]: row["parent_area_id"] for row in rows} == {
        "inside": "R1",
        "more east": "R2",
        "mostly sea": "R2",
        "equal": "R1",  # of equals the smallest id
    }
    assert "p.geojson 3 (mostly sea)  only 1% of it lies in R2, its parent" in said
    assert "the least overlap is 1.0%, of mostly sea" in said


def test_an_area_beside_all_parents_is_refused(landing, here):
    imported(landing, districts(here), level="admin1")
    file = geojson(
        here / "p.geojson",
        [
            ({"code": "far", "name": "a"}, square(20, 20)),
            ({"code": "touching", "name": "b"}, square(2, 0)),
        ],
    )
    wrong = refused(landing, file, *COLUMNS, "--parent-level", "admin1")
    assert "2 of 2 features" in wrong
    assert "p.geojson 1 (far)       lies in no area of admin1: it overlaps none of its 2" in wrong


def test_a_level_imported_again_replaces_its_file(landing, here):
    imported(landing, districts(here), level="admin1")
    inner = geojson(here / "p.geojson", [({"code": "P", "name": "a"}, square(1.2, 0.2, 0.1))])
    imported(landing, inner, "--parent-level", "admin1")
    fewer = geojson(here / "f.geojson", [({"code": "D1", "name": "One"}, square(0, 0, 2))])
    rows, said = imported(landing, fewer, level="admin1")
    assert [row["area_id"] for row in rows] == ["D1"]
    assert "instead of 2 before" in said
    assert "of admin2 have a parent that is gone, as P: import admin2 again" in said
    assert sorted(path.name for path in (landing / "areas").iterdir()) == [
        "admin1.csv",
        "admin2.csv",
    ]


def test_a_run_that_fails_leaves_what_was_there(landing, here):
    imported(landing, districts(here))
    before = (landing / "areas" / "admin2.csv").read_bytes()
    file = districts(here, ({"code": "D3", "name": "x"}, None), name="broken.geojson")
    code, _, wrong = run("areas", file, "--level", "admin2", *COLUMNS, landing=landing)
    assert code == 1 and "no geometry" in wrong
    assert (landing / "areas" / "admin2.csv").read_bytes() == before
    assert [path.name for path in (landing / "areas").iterdir()] == ["admin2.csv"]


def test_files_of_other_columns_are_not_mixed_with_ours(landing, here):
    (landing / "areas").mkdir(parents=True)
    other = landing / "areas" / "own.csv"
    other.write_text("area_id,area_level,area_name,parent_area_id\nX,admin2,X,\n")
    wrong = refused(landing, districts(here), *COLUMNS)
    assert "areas/own.csv has the columns area_id, area_level, area_name, parent_area_id" in wrong
    other.rename(landing / "areas" / "own.parquet")
    assert "areas/own.parquet is no plain CSV file" in refused(landing, districts(here), *COLUMNS)
    other.with_suffix(".parquet").unlink()
    imported(landing, districts(here), level="admin3")
    (landing / "areas" / "admin3.csv").rename(landing / "areas" / "three.csv")
    wrong = refused(landing, districts(here), *COLUMNS, level="admin3")
    assert "areas/three.csv has areas of admin3 already" in wrong


def test_a_file_of_somebody_else_is_not_replaced(landing, here):
    (landing / "areas").mkdir(parents=True)
    own = landing / "areas" / "admin2.csv"
    for text in (
        "area_id,area_level,area_name,parent_area_id\nX,admin2,X,\n",
        ",".join(WRITTEN_OF_AREA) + "\nX,admin7,X,,,,,,,\n",
    ):
        own.write_text(text)
        code, _, wrong = run(
            "areas", districts(here), "--level", "admin2", *COLUMNS, landing=landing
        )
        assert code == 1 and wrong.startswith("Error: areas/admin2.csv has")
        assert own.read_text() == text


def test_names_in_another_encoding_are_noticed(landing, here):
    frame = gpd.read_file(districts(here))
    frame["name"] = ["Lomé", "Kara"]
    frame.to_file(here / "e.shp", encoding="UTF-8")
    (here / "e.cpg").unlink()
    rows, said = imported(landing, here / "e.shp")
    assert rows[0]["area_name"] == "LomÃ©"
    assert "e.shp 1 (D1)  'LomÃ©' looks like UTF-8: if so, say --encoding UTF-8" in said
    rows, said = imported(landing, here / "e.shp", "--encoding", "UTF-8")
    assert rows[0]["area_name"] == "Lomé" and "looks like" not in said


def _no_prj(here):
    gpd.read_file(districts(here)).to_file(here / "b.shp")
    (here / "b.prj").unlink()
    return here / "b.shp"


def _no_shx(here):
    gpd.read_file(districts(here)).to_file(here / "b.shp")
    (here / "b.shx").unlink()
    return here / "b.shp"


def _no_dbf(here):
    gpd.read_file(districts(here)).to_file(here / "b.shp")
    (here / "b.dbf").unlink()
    return here / "b.shp"


def _cut_gpkg(here):
    gpd.read_file(districts(here)).to_file(here / "b.gpkg")
    whole = (here / "b.gpkg").read_bytes()
    (here / "b.gpkg").write_bytes(whole[:2000])
    return here / "b.gpkg"


def _cut_zip(here):
    gpd.read_file(districts(here)).to_file(here / "b.shp")
    with zipfile.ZipFile(here / "b.zip", "w") as archive:
        archive.write(here / "b.shp", "b.shp")
    (here / "b.zip").write_bytes((here / "b.zip").read_bytes()[:-40])
    return here / "b.zip"


def _text_in_zip(here):
    with zipfile.ZipFile(here / "b.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    return here / "b.zip"


def _written(name, text):
    def make(here):
        (here / name).write_text(text)
        return here / name

    return make


def _table(here):
    (here / "b.csv").write_text("code,name\nD1,One\n")
    return here / "b.csv"


def _metres(here):
    return districts(here, ({"code": "D3", "name": "x"}, square(712_345, 939_000, 1000)))


def _folder(here):
    (here / "b.shp").mkdir()
    return here / "b.shp"


def _local_system(here):
    frame = gpd.read_file(districts(here)).set_crs(
        'LOCAL_CS["own",UNIT["metre",1]]', allow_override=True
    )
    frame.to_file(here / "b.gpkg")
    return here / "b.gpkg"


EMPTY = '{"type": "FeatureCollection", "features": []}'


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (_no_prj, [], "b.shp does not say its coordinate system (there is no b.prj)"),
        (_no_shx, [], "b.shp lacks the file b.shx beside it"),
        (_no_dbf, [], "has no column for --id-column 'code' and --name-column 'name'; it has none"),
        (_cut_gpkg, [], "b.gpkg cannot be read"),
        (_cut_zip, [], "b.zip is no whole .zip archive; fetch it again."),
        (_text_in_zip, [], "b.zip holds no Shapefile, GeoPackage or GeoJSON file."),
        (_written("b.geojson", ""), [], "b.geojson is empty: it has no bytes."),
        (_written("b.geojson", EMPTY), [], "b.geojson is empty"),
        (_written("b.geojson", EMPTY[:-9]), [], "b.geojson cannot be read"),
        (_written("b.geojson", "code;name\n1;2\n"), [], "b.geojson cannot be read"),
        (_table, [], "b.csv is a table without geometry"),
        (_metres, [], "has the corner (712345, 939000), which does not exist in EPSG:4326"),
        (_folder, [], "b.shp"),
        (_local_system, [], "--crs"),
        (districts, ["--crs", "UTM 29"], "--crs UTM 29 is no coordinate system"),
        (districts, ["--level", "admin 2"], "--level is 'admin 2': give a word such as admin2."),
        (districts, ["--parent-level", "admin2"], "--level and --parent-level are both admin2."),
        (districts, ["--parent-level", "admin1"], "areas/ has no areas of admin1 (it has no level"),
        (districts, ["--population-column", "pop"], "--population-column 'pop'; it has code, name"),
        (lambda here: here / "gone.shp", [], "gone.shp does not exist."),
    ],
)
def test_a_broken_file_or_option_gives_one_sentence(landing, here, make, options, sentence):
    wrong = refused(landing, make(here), *COLUMNS, *options)
    assert sentence in wrong
    assert len(wrong.strip().splitlines()) == 1


def test_files_that_are_wrong_are_named_all_at_once(landing, here):
    wrong = refused(
        landing, _no_shx(here), _written("e.geojson", "")(here), here / "gone.gpkg", *COLUMNS
    )
    for sentence in ("b.shx", "e.geojson is empty", "gone.gpkg does not exist"):
        assert sentence in wrong


def test_a_folder_that_cannot_be_written_gives_a_sentence(landing, here):
    landing.write_text("a file")
    code, _, wrong = run("areas", districts(here), "--level", "admin2", *COLUMNS, landing=landing)
    assert code == 1 and wrong.startswith("Error: ") and len(wrong.splitlines()) == 1


@pytest.fixture(scope="module")
def togo(tmp_path_factory):
    landing = tmp_path_factory.mktemp("togo") / "landing"
    by_name = ("--id-column", "region", "--name-column", "region")
    for level, file, options in (
        ("admin1", "regions", ()),
        ("admin2", "prefectures", ("--parent-level", "admin1")),
    ):
        code, _, wrong = run(
            *("areas", TOGO / f"{file}.geojson", "--level", level),
            *(*by_name, *options),
            landing=landing,
        )
        assert code == 0, wrong
    return landing


@needs_togo
def test_parents_in_togo_are_those_of_an_overlay(togo):
    regions = gpd.read_file(TOGO / "regions.geojson").to_crs(32631)
    prefectures = gpd.read_file(TOGO / "prefectures.geojson").to_crs(32631)
    prefectures["geometry"] = prefectures.make_valid()
    pieces = gpd.overlay(
        prefectures.rename(columns={"region": "area"}),
        regions,
        how="intersection",
        keep_geom_type=True,
    )
    pieces["ground"] = pieces.area
    best = pieces.sort_values("ground").groupby("area").last()
    rows = rows_of(togo / "areas" / "admin2.csv")
    assert len(rows) == 40 and len(rows_of(togo / "areas" / "admin1.csv")) == 5
    assert {row["area_id"]: row["parent_area_id"] for row in rows} == best["region"].to_dict()


@needs_togo
def test_boundaries_of_togo_are_kept_to_the_last_corner(togo):
    original = gpd.read_file(TOGO / "prefectures.geojson").set_index("region").geometry
    for row in rows_of(togo / "areas" / "admin2.csv"):
        shape = original[row["area_id"]]
        if shape.is_valid:
            assert shapely.from_wkb(row["geometry"]).equals_exact(shape, 0)
        else:
            assert row["area_id"] == "LOME COMMUNE"


def test_a_build_finds_its_columns_in_what_was_written(landing, here):
    """inspect_landing is what every build begins with."""
    imported(landing, districts(here), level="admin1")
    imported(landing, geojson(here / "p.geojson", [({"code": "P", "name": "a"}, square(0, 0))]))
    sites = here / "s.csv"
    sites.write_text("cell_id,longitude,latitude\nc,0.5,0.5\n")
    assert run("sites", sites, landing=landing)[0] == 0
    assert run("sites", sites, "--valid-from", "2020-01-01", landing=landing)[0] == 0
    (landing / "events").mkdir()
    (landing / "events" / "e.csv").write_text("subscriber_id,event_at,cell_id\n")
    request = json.dumps({"landing_path": str(landing)})
    [answer] = inspect_landing(pa.array([request])).to_pylist()
    answer = json.loads(answer)
    assert answer["problems"] == []
    columns = {table["name"]: table["columns"] for table in answer["tables"]}
    for name, wanted in (("areas", AREA_COLUMNS), ("cell_sites", CELL_SITE_COLUMNS)):
        assert columns[name] == [[column, column, "string"] for column in wanted]


def test_geopandas_reads_what_was_written(landing, here):
    """The file is of use elsewhere too."""
    imported(landing, districts(here))
    frame = pd.read_csv(landing / "areas" / "admin2.csv")
    shapes = gpd.GeoSeries.from_wkb(frame["geometry"].map(bytes.fromhex), crs=4326)
    assert shapely.area(shapes.array).tolist() == [1, 1]


def test_importing_reads_and_never_changes_files(landing, here):
    gpd.read_file(districts(here)).to_file(here / "d.shp")
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    imported(landing, here / "d.shp")
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before
    shutil.rmtree(here)
