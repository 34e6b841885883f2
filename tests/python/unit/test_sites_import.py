"""`throng sites import`: lists of cells and sites as people have them, or what is wrong by row."""

from __future__ import annotations

import csv
import gzip
import shlex
import zipfile
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import openpyxl
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.python.conftest import PROJECT
from tests.python.support.imports import (
    COLUMNS,
    TOGO,
    geojson,
    needs_togo,
    rows_of,
    run,
    square,
)
from throng.cli import app
from throng.geography.country import Country
from throng.geography.landed import WRITTEN_OF_SITE
from throng.geography.tables import guessed_delimiter
from throng.landing.feeds import CELL_SITE_COLUMNS

EVERYTHING = {
    "antenna": "c1",
    "mast": "s1",
    "x": "-13.2",
    "y": "8.5",
    "district": "D1",
    "dir": "120",
    "gen": "4G",
    "from": "2020-01-01",
    "to": "2020-06-01 12:30:00",
}


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


@pytest.fixture
def here(tmp_path):
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def table(folder, *rows, columns="cell_id,longitude,latitude", name="s.csv", end="\n"):
    """A CSV file of rows."""
    path = folder / name
    path.write_bytes(end.join([columns, *rows, ""]).encode())
    return path


def imported(landing, *arguments):
    """The rows of a list, imported without a problem, and what was said."""
    code, said, wrong = run("sites", *arguments, landing=landing)
    assert (code, wrong) == (0, ""), said + wrong
    return rows_of(landing / "cell_sites" / "sites.csv"), said


def refused(landing, *arguments):
    """What is said of a run that refuses all; nothing is written."""
    code, said, wrong = run("sites", *arguments, landing=landing)
    assert code == 1, said
    assert wrong.lstrip().startswith("Error: ") and "Traceback" not in wrong
    assert not (landing / "cell_sites").exists()
    return wrong


def a_country(landing, here):
    """One square of ten degrees, from 20 west to 10 west and the equator to 10 north."""
    file = geojson(here / "country.geojson", [({"code": "C", "name": "All"}, square(-20, 0, 10))])
    code, _, wrong = run("areas", file, "--level", "admin0", *COLUMNS, landing=landing)
    assert code == 0, wrong


def places(rows):
    return [(row["cell_id"], float(row["longitude"]), float(row["latitude"])) for row in rows]


def test_a_row_has_the_columns_of_the_feed(landing, here):
    file = table(here, ",".join(EVERYTHING.values()), columns=",".join(EVERYTHING))
    rows, said = imported(
        landing,
        file,
        *("--cell-id-column", "antenna", "--site-id-column", "mast"),
        *("--longitude-column", "x", "--latitude-column", "y", "--area-id-column", "district"),
        *("--azimuth-column", "dir", "--technology-column", "gen"),
        *("--valid-from-column", "from", "--valid-to-column", "to"),
    )
    assert list(rows[0]) == list(WRITTEN_OF_SITE) == list(CELL_SITE_COLUMNS)
    assert rows == [
        {
            "cell_id": "c1",
            "longitude": "-13.2",
            "latitude": "8.5",
            "site_id": "s1",
            "area_id": "D1",
            "valid_from": "2020-01-01",
            "valid_to": "2020-06-01 12:30:00",
            "azimuth": "120",
            "technology": "4G",
        }
    ]
    assert "cell_id from antenna, site_id from mast, longitude from x, latitude from y" in said
    assert "1 cells at 1 places" in said


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_guessed_and_said(landing, here, delimiter, name, end):
    columns = delimiter.join(["cell_id", "site name", "longitude", "latitude"])
    rows = [delimiter.join(row) for row in (["a", "x", "1.5", "2"], ["b", "y", "3", "4.5"])]
    rows, said = imported(landing, table(here, *rows, columns=columns, end=end))
    assert places(rows) == [("a", 1.5, 2.0), ("b", 3.0, 4.5)]
    assert f"columns parted by {name} (guessed)" in said


def test_a_european_table_is_read(landing, here):
    """Semicolons and decimal commas, in which commas part as many columns as semicolons do."""
    file = table(here, "a;1,5;2,5", "b;-3,25;4,125", columns="cell_id;longitude;latitude")
    rows, _ = imported(landing, file)
    assert places(rows) == [("a", 1.5, 2.5), ("b", -3.25, 4.125)]
    file = table(here, "a;1,5;2,5", columns="b;3,5;4,5")  # no header
    rows, said = imported(
        *(landing, file, "--no-header", "--cell-id-column", "column_1"),
        *("--longitude-column", "column_2", "--latitude-column", "column_3"),
    )
    assert places(rows) == [("b", 3.5, 4.5), ("a", 1.5, 2.5)]
    assert "semicolon (guessed)" in said


def test_lines_of_another_delimiter_do_not_decide():
    assert guessed_delimiter(["a;b;c\n", "1;2;x, y, z\n", "1;2;3\n"]) == ";"
    assert guessed_delimiter(["one\n", "two\n"]) is None


def test_a_delimiter_of_ones_own(landing, here):
    file = table(here, "a~1~2", columns="cell_id~longitude~latitude")
    assert "s.csv has one column" in refused(landing, file)
    rows, said = imported(landing, file, "--delimiter", "~")
    assert places(rows) == [("a", 1.0, 2.0)] and "parted by '~'" in said
    assert (
        "--delimiter is 'ab': give one character"
        in run("sites", file, "--delimiter", "ab", landing=landing)[2]
    )


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        ("-13.234", "8.484"),
        ('"-13,234"', '"8,484"'),
        ("13°14'2.4\"W", "8°29'2.4\"N"),
        ("13 14 2.4 W", "8 29 2.4 N"),
        ("0131402.4W", "082902.4N"),
        ("01314.04W", "0829.04N"),
    ],
)
def test_coordinates_as_people_write_them(landing, here, longitude, latitude):
    rows, _ = imported(landing, table(here, f"c,{longitude},{latitude}"))
    [(_, x, y)] = places(rows)
    assert (x, y) == (pytest.approx(-13.234, abs=1e-9), pytest.approx(8.484, abs=1e-9))


def test_projected_coordinates_become_degrees(landing, here):
    points = gpd.GeoSeries(gpd.points_from_xy([-13.234, -12.1], [8.484, 7.9]), crs=4326)
    metres = points.to_crs(32629)
    rows = [f"c{n},{point.x!r},{point.y!r}" for n, point in enumerate(metres)]
    file = table(here, *rows, columns="cell_id,easting,northing")
    columns = ("--longitude-column", "easting", "--latitude-column", "northing")
    assert "metres? say their coordinate system by --crs" in refused(landing, file, *columns)
    written, said = imported(landing, file, *columns, "--crs", "EPSG:32629")
    for (_, x, y), point in zip(places(written), points, strict=True):
        assert (x, y) == (pytest.approx(point.x, abs=1e-8), pytest.approx(point.y, abs=1e-8))
    assert "EPSG:32629" in said
    far = table(here, "c,1e30,1e30", columns="cell_id,longitude,latitude", name="far.csv")
    _, _, wrong = run("sites", far, "--crs", "EPSG:32629", landing=landing)
    assert "far.csv 2 (c)  its place does not exist in this coordinate system" in wrong


def test_degrees_of_another_datum_become_those_of_wgs_84(landing, here):
    """Minna (EPSG:4263) is 100 m beside WGS 84."""
    point = gpd.GeoSeries([shapely.Point(8.0, 9.0)], crs=4263).to_crs(4326)[0]
    rows, _ = imported(landing, table(here, "c,8° 0' E,9° 0' N"), "--crs", "EPSG:4263")
    [(_, x, y)] = places(rows)
    assert (x, y) == (pytest.approx(point.x, abs=1e-8), pytest.approx(point.y, abs=1e-8))
    assert abs(x - 8) > 1e-4


def test_places_that_cannot_be_right_are_listed_by_row_and_not_guessed(landing, here):
    a_country(landing, here)
    file = table(
        here,
        "ok,-13.2,8.5",
        "swapped,8.5,-13.2",
        "nowhere,0,0",
        "sign,13.2,8.5",
        "south,-13.2,-8.5",
        "sea,-25,8.5",
        "typo,-13.2,8.5.1",
        "none,,",
        "half,-13.2,",
        ",-13.2,8.5",
        "beyond,-13.2,98.5",
        "short,-13.2",
        "long,-13.2,8.5,9",
        "side,-13.2W,8.5",
        "near,-9.99,8.5",
        "edge,-10,8.5",
    )
    code, said, wrong = run("sites", file, landing=landing)
    assert code == 1
    assert "13 of 16 rows cannot be used; nothing was written" in wrong
    assert not (landing / "cell_sites").exists()
    lines = [" ".join(line.split()) for line in wrong.splitlines()]
    for line in [
        "s.csv 3 (swapped) outside the boundaries at 8.50000 -13.20000; with longitude and "
        "latitude exchanged it is inside",
        "s.csv 4 (nowhere) its place is 0, 0, which stands for none",
        "s.csv 5 (sign) outside the boundaries at 13.20000 8.50000; with the other sign of the "
        "longitude it is inside",
        "s.csv 6 (south) outside the boundaries at -13.20000 -8.50000; with the other sign of the "
        "latitude it is inside",
        "s.csv 7 (sea) more than 2 km outside the boundaries at -25.00000 8.50000",
        "s.csv 8 (typo) latitude '8.5.1' cannot be read",
        "s.csv 9 (none) no longitude; no latitude",
        "s.csv 10 (half) no latitude",
        "s.csv 11 no cell_id",
        "s.csv 12 (beyond) latitude 98.5 does not exist",
        "s.csv 13 has 2 values for 3 columns",
        "s.csv 14 has 4 values for 3 columns",
        "s.csv 15 (side) longitude '-13.2W' has both a sign and W",
        "1 longitude and latitude exchanged",
        "1 0, 0",
        "1 outside the country",
        "2 sign of longitude or latitude",
    ]:
        assert line in lines, wrong
    assert "s.csv 16 (near)  outside the boundaries by 2 km or less: kept" in said
    assert "edge" not in said + wrong


def test_the_rest_is_written_only_if_asked_and_what_is_left_out_is_listed(landing, here):
    a_country(landing, here)
    file = table(here, "a,-13.2,8.5", "b,8.5,-13.2", "c,-13.3,8.6", "d,x,8", "e,1")
    code, said, wrong = run("sites", file, "--leave-out", landing=landing)
    assert (code, wrong) == (0, "")
    folder = landing / "cell_sites"
    assert [row["cell_id"] for row in rows_of(folder / "sites.csv")] == ["a", "c"]
    left = {int(row["row"]): row for row in rows_of(folder / "_left_out_of_sites.csv")}
    assert sorted(left) == [3, 5, 6]
    assert left[3]["cell_id"] == "b" and left[3]["file"] == "s.csv"
    assert (left[3]["longitude"], left[3]["latitude"]) == ("8.5", "-13.2")
    assert "exchanged" in left[3]["reason"]
    assert left[5]["longitude"] == "x" and "cannot be read" in left[5]["reason"]
    assert "Left out" in said and "_left_out_of_sites.csv" in said
    # Every row is accounted for.
    assert len(left) + len(rows_of(folder / "sites.csv")) == 5
    # What was left out once is not said of a list that is whole.
    imported(landing, table(here, "a,-13.2,8.5"))
    assert not (folder / "_left_out_of_sites.csv").exists()


def test_nothing_is_written_where_all_rows_are_left_out(landing, here):
    wrong = refused(landing, table(here, "a,x,1", "b,,"), "--leave-out")
    assert "2 of 2 rows cannot be used" in wrong and "--leave-out" not in wrong


def test_without_boundaries_it_is_said_that_nothing_was_compared(landing, here):
    rows, said = imported(landing, table(here, "a,8.5,-13.2"))
    assert len(rows) == 1
    assert "none in areas/: what is outside is not known" in said


def test_how_far_outside_is_an_option(landing, here):
    a_country(landing, here)
    file = table(here, "near,-9.9,8.5")  # 11 km
    assert "1 of 1 rows" in run("sites", file, landing=landing)[2]
    rows, said = imported(landing, file, "--outside-km", "12")
    assert len(rows) == 1 and "outside the boundaries by 12 km or less: kept" in said


@given(st.floats(-85, 85), st.floats(0, 3), st.booleans())
def test_near_is_near_at_every_latitude(latitude, km, to_the_east):
    """Against the distance on the ellipsoid, but for one part in a hundred."""
    country = Country([shapely.box(-1, latitude - 2, 0, latitude)])
    azimuth = 90 if to_the_east else 0
    start = (0.0, latitude - 1) if to_the_east else (-0.5, latitude)
    x, y, _ = pyproj.Geod(ellps="WGS84").fwd(*start, azimuth, km * 1000)
    near = bool(country.is_near(np.array([x]), np.array([y]), 2)[0])
    if abs(km - 2) > 0.03:
        assert near == (km < 2)


def test_a_cell_of_an_area_without_a_place_is_kept_and_said(landing, here):
    file = table(here, "a,,,D1", "b,1,2,D1", columns="cell_id,longitude,latitude,area_id")
    rows, said = imported(landing, file)
    assert (rows[0]["longitude"], rows[0]["latitude"], rows[0]["area_id"]) == ("", "", "D1")
    assert "s.csv 2 (a)  no place: kept, for it has an area" in said


def test_an_area_that_has_not_landed_is_refused(landing, here):
    a_country(landing, here)
    file = table(here, "a,-13,8,C", "b,-13,8,X", columns="cell_id,longitude,latitude,area_id")
    wrong = run("sites", file, landing=landing)[2]
    assert "s.csv 3 (b)  area_id 'X' is not in areas/" in wrong and "1 of 2 rows" in wrong


def test_ids_of_several_columns_are_joined_by_hyphens(landing, here):
    file = table(here, "1,50,1,2", "2,50,3,4", columns="lac,ci,lon,lat")
    rows, said = imported(landing, file, "--cell-id-column", "lac", "--cell-id-column", "ci")
    assert [row["cell_id"] for row in rows] == ["1-50", "2-50"]
    assert "cell_id from lac-ci" in said


def test_one_cell_at_two_places_at_one_time_is_refused(landing, here):
    file = table(
        *(
            here,
            "5001,1,2,",
            "5001,3,4,",
            "5002,1,2,",
            "5003,1,2,2020-01-01",
            "5003,3,4,2020-02-01",
        ),
        columns="cell_id,longitude,latitude,valid_from",
    )
    wrong = refused(landing, file)
    assert "2 of 5 rows" in wrong
    assert "s.csv 2 (5001)  cell 5001 is elsewhere in row 3, from the same time on" in wrong
    assert "s.csv 3 (5001)  cell 5001 is elsewhere in row 2, from the same time on" in wrong


def test_a_cell_that_moved_has_a_row_for_each_place(landing, here):
    file = table(
        *(here, "a,1,2,2020-01-01,2020-02-01", "a,3,4,2020-02-01,"),
        columns="cell_id,longitude,latitude,valid_from,valid_to",
    )
    rows, _ = imported(landing, file)
    assert [(row["valid_from"], row["valid_to"]) for row in rows] == [
        ("2020-01-01", "2020-02-01"),
        ("2020-02-01", ""),
    ]


def test_a_later_delivery_is_kept_beside_the_earlier(landing, here):
    imported(landing, table(here, "a,1,2"))
    code, said, _ = run(
        *("sites", table(here, "a,3,4"), "--valid-from", "2020-03-01"), landing=landing
    )
    assert code == 0
    folder = landing / "cell_sites"
    [later] = rows_of(folder / "sites-2020-03-01.csv")
    assert (later["longitude"], later["valid_from"]) == ("3.0", "2020-03-01")
    [earlier] = rows_of(folder / "sites.csv")
    assert (earlier["longitude"], earlier["valid_from"]) == ("1.0", "")
    assert "Beside" in said and "sites.csv" in said
    assert (
        "--valid-from is 'soon'"
        in run("sites", table(here, "a,3,4"), "--valid-from", "soon", landing=landing)[2]
    )


def test_rows_that_say_the_same_are_one_and_counted(landing, here):
    rows, said = imported(landing, table(here, "a,1,2", "a,1.0,2.0", "b,1,2"))
    assert [row["cell_id"] for row in rows] == ["a", "b"]
    assert "Equal" in said and "say what another row says: written once" in said


def test_dates_of_another_form_are_read_by_their_format(landing, here):
    columns = "cell_id,longitude,latitude,valid_from,valid_to"
    file = table(here, "a,1,2,01/02/2020,15/02/2020", columns=columns)
    wrong = refused(landing, file)
    assert "valid_from '01/02/2020' is no date of the form YYYY-MM-DD" in wrong
    rows, _ = imported(landing, file, "--date-format", "%d/%m/%Y")
    assert (rows[0]["valid_from"], rows[0]["valid_to"]) == ("2020-02-01", "2020-02-15")
    file = table(here, "a,1,2,2020-02-15,2020-02-15", columns=columns)
    _, _, wrong = run("sites", file, landing=landing)
    assert "valid_to 2020-02-15 is not after valid_from 2020-02-15" in wrong


def test_an_azimuth_that_is_none_is_left_empty_and_said(landing, here):
    file = table(
        *(here, "a,1,2,omni", 'b,1,2,"120,5°"', "c,1,2,361", "d,1,2,", "e,1,2,360"),
        columns="cell_id,longitude,latitude,azimuth",
    )
    rows, said = imported(landing, file)
    assert [row["azimuth"] for row in rows] == ["", "120.5", "", "", "360"]
    assert "s.csv 2 (a)  azimuth 'omni' is no number from 0 to 360: left empty" in said
    assert "2 rows" in said


DUMP = [
    "UMTS,262,2,801,86355,0,13.285512,52.522202,1000,7,1,1282569574,1300155341,0",
    "GSM,262,2,801,1795,0,13.276907,52.525714,5716,9,1,1282569574,1300155341,0",
]
HEADER = (
    "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
)


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("is_packed", [True, False])
def test_dumps_of_opencellid_are_known(landing, here, has_header, is_packed):
    lines = [HEADER, *DUMP] if has_header else DUMP
    path = here / ("262.csv.gz" if is_packed else "262.csv")
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content) if is_packed else content)
    rows, said = imported(landing, path)
    assert places(rows) == [
        ("262-2-801-86355", 13.285512, 52.522202),
        ("262-2-801-1795", 13.276907, 52.525714),
    ]
    assert [row["technology"] for row in rows] == ["UMTS", "GSM"]
    assert "cell_id from mcc-net-area-cell" in said and " 2 rows" in said


def test_an_id_of_opencellid_may_be_made_of_other_columns(landing, here):
    path = here / "d.csv"
    path.write_text("\n".join(DUMP))
    rows, _ = imported(landing, path, "--cell-id-column", "area", "--cell-id-column", "cell")
    assert [row["cell_id"] for row in rows] == ["801-86355", "801-1795"]


@pytest.mark.parametrize("name", ["p.geojson", "p.gpkg", "p.shp"])
@pytest.mark.parametrize("crs", [4326, 32629])
def test_points_of_gis_files(landing, here, name, crs):
    frame = gpd.GeoDataFrame(
        {"cell_id": [101, 102], "radio": ["4G", None]},
        geometry=gpd.points_from_xy([-13.234, -12.1], [8.484, 7.9]),
        crs=4326,
    ).to_crs(crs)
    frame.to_file(here / name)
    rows, said = imported(landing, here / name, *(["--crs", f"EPSG:{crs}"] if crs != 4326 else []))
    for (cell, x, y), wanted in zip(
        places(rows), [("101", -13.234, 8.484), ("102", -12.1, 7.9)], strict=True
    ):
        assert cell == wanted[0]
        assert (x, y) == (pytest.approx(wanted[1], abs=1e-7), pytest.approx(wanted[2], abs=1e-7))
    assert "places from its points" in said
    assert [row["technology"] for row in rows] == ["4G", ""]


def test_features_that_are_no_points_are_listed(landing, here):
    file = geojson(
        here / "m.geojson",
        [
            ({"cell_id": "a"}, {"type": "Point", "coordinates": [1, 2]}),
            ({"cell_id": "b"}, None),
            ({"cell_id": "c"}, square(0, 0)),
            ({"cell_id": "d"}, {"type": "MultiPoint", "coordinates": [[3, 4]]}),
            ({"cell_id": "e"}, {"type": "MultiPoint", "coordinates": [[3, 4], [5, 6]]}),
            ({"cell_id": "f"}, {"type": "Point", "coordinates": [0, 0]}),
        ],
    )
    wrong = refused(landing, file)
    assert "4 of 6 rows" in wrong
    for line in (
        "m.geojson 2      no geometry",
        "m.geojson 3      its geometry is a Polygon, not a point",
        "m.geojson 5      its geometry is a MultiPoint, not a point",
        "m.geojson 6 (f)  its place is 0, 0, which stands for none",
    ):
        assert line in wrong


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_with_its_numbers_and_dates(landing, here):
    file = workbook(
        here / "cells.xlsx",
        {
            "Cells": [
                ["cell_id", "longitude", "latitude", "valid_from", "valid_to"],
                [62101, -13.234, 8.484, date(2020, 1, 1), datetime(2020, 6, 1, 12, 30)],
                [None, None, None, None, None],
                ["0042", "13°14'2.4\"W", "8,484", None, None],
            ]
        },
    )
    rows, said = imported(landing, file)
    assert [row["cell_id"] for row in rows] == ["62101", "0042"]
    assert rows[0]["valid_from"] == "2020-01-01" and rows[0]["valid_to"] == "2020-06-01 12:30:00"
    assert places(rows)[1][1:] == (pytest.approx(-13.234), pytest.approx(8.484))
    assert "sheet Cells" in said


def test_a_row_of_a_workbook_has_the_number_that_the_spreadsheet_shows(landing, here):
    rows = [[], ["cell_id", "longitude", "latitude"], [1, 2, 3], [], [4, "x", 5]]
    file = workbook(here / "cells.xlsx", {"A": rows, "B": [["other"]]})
    assert "cells.xlsx has several sheets: A, B. Name one by --layer." in refused(landing, file)
    assert "has no sheet 'C'; it has A, B." in refused(landing, file, "--layer", "C")
    wrong = refused(landing, file, "--layer", "A")
    assert "cells.xlsx 5 (4)  longitude 'x' cannot be read" in wrong


def _bytes(name, content):
    def make(here):
        (here / name).write_bytes(content)
        return here / name

    return make


PLAIN = b"cell_id,longitude,latitude\na,1,2\n"


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (_bytes("b.csv", b""), [], "b.csv is empty."),
        (_bytes("b.csv", b"\n \n"), [], "b.csv is empty."),
        (_bytes("b.csv", PLAIN[:27]), [], "There are no rows; nothing was written."),
        (_bytes("b.csv", b"cell_id\na\n"), [], "b.csv has one column"),
        (_bytes("b.csv", "cell_id,longitude,latitude,n\na,1,2,Lomé\n".encode("cp1252")), [],
         "b.csv is not UTF-8 text. Say what it is by --encoding"),
        (_bytes("b.csv", PLAIN), ["--encoding", "klingon"], "there is no encoding 'klingon'"),
        (_bytes("b.csv", PLAIN.replace(b"a", b"\0")), [], "b.csv cannot be read as CSV"),
        (_bytes("b.csv.gz", gzip.compress(PLAIN * 999)[:-20]), [], "b.csv.gz cannot be unpacked"),
        (_bytes("b.csv.gz", b"\x1f\x8b\x08rubbish rubbish"), [], "b.csv.gz cannot be unpacked"),
        (_bytes("b.csv", b"PK\x03\x04rest"), [], "b.csv is a workbook or an archive, not text"),
        (_bytes("b.xlsx", b"PK\x03\x04rest"), [], "b.xlsx cannot be read as a workbook"),
        (_bytes("b.xlsx", PLAIN), [], "b.xlsx cannot be read as a workbook"),
        (_bytes("b.csv", b"id,x,y\na,1,2\n"), [],
         "b.csv has no column that is known as cell_id (say which it is by --cell-id-column), and "
         "no column that is known as longitude"),
        (_bytes("b.csv", PLAIN), ["--cell-id-column", "ci", "--azimuth-column", "dir"],
         "b.csv has no column 'ci' (--cell-id-column), and no column 'dir' (--azimuth-column); its "
         "columns are cell_id, longitude, latitude."),
        (_bytes("b.csv", b"cell_id,longitude,latitude,latitude\na,1,2,3\n"), [],
         "b.csv has two columns 'latitude'"),
        (_bytes("b.csv", b"51001,1.25,2.5\n51002,1,2\n"), [],
         "If its first row is data, say --no-header."),
        (_bytes("b.geojson", b"{}"), [], "b.geojson cannot be read"),
        (lambda here: geojson(here / "b.geojson", [({"cell_id": "a"}, square(0, 0))]), [],
         "b.geojson has no points (its geometries: Polygon). Boundaries go to throng areas"),
        (_bytes("b.csv", PLAIN), ["--crs", "UTM"], "--crs UTM is no coordinate system"),
        (lambda here: here / "gone.csv", [], "gone.csv does not exist."),
        (lambda here: here, [], "is a folder"),
    ],
)  # fmt: skip
def test_a_broken_file_or_option_gives_one_sentence(landing, here, make, options, sentence):
    wrong = refused(landing, make(here), *options)
    assert sentence in wrong
    assert len(wrong.strip().splitlines()) == 1


def test_a_quotation_mark_that_is_not_closed_loses_no_row_in_silence(landing, here):
    rows = ["a,1,2", '"b,1,2', "c,1,2", "d,1,2"]
    wrong = refused(landing, table(here, *rows))
    assert "s.csv 3  a quotation mark is not closed, or a value has several lines" in wrong


def test_another_encoding_by_its_name(landing, here):
    path = here / "b.csv"
    path.write_bytes("cell_id,longitude,latitude\né,1,8°30'N\n".encode("cp1252"))
    rows, _ = imported(landing, path, "--encoding", "cp1252")
    assert places(rows) == [("é", 1.0, 8.5)]
    path.write_bytes("cell_id,longitude,latitude\né,1,2\n".encode("utf-16"))
    rows, _ = imported(landing, path)
    assert rows[0]["cell_id"] == "é"


def test_files_that_are_wrong_are_named_all_at_once(landing, here):
    one, two = _bytes("one.csv", b"")(here), table(here, "x", columns="a", name="two.csv")
    wrong = refused(landing, one, two, here / "gone.csv")
    assert "one.csv is empty." in wrong and "two.csv has one column" in wrong
    assert "gone.csv does not exist." in wrong


def test_several_files_are_one_list(landing, here):
    one, two = (table(here, f"{name},1,2", name=f"{name}.csv") for name in "ab")
    rows, said = imported(landing, one, two)
    assert [row["cell_id"] for row in rows] == ["a", "b"]
    assert "2 cells at 1 places" in said


def test_two_files_of_one_name_are_told_apart(landing, here):
    files = []
    for name in "ab":
        (here / name).mkdir()
        files.append(table(here / name, f"{name},1,2", f"{name},x,2"))
    code, said, wrong = run("sites", *files, "--leave-out", landing=landing)
    assert code == 0, wrong
    for file in files:
        assert f"{file} 3" in said
    assert len(rows_of(landing / "cell_sites" / "sites.csv")) == 2


def test_what_could_be_a_number_of_a_person_is_not_printed(landing, here):
    """Somebody takes a file of events, without a header, for a list of cells."""
    file = table(here, "23276555123,2020-01-01", columns="23276555124,2020-01-01 10:00:00")
    wrong = refused(landing, file)
    assert "99999999999" in wrong and "23276" not in wrong


def test_columns_of_places_are_not_for_points(landing, here):
    point = {"type": "Point", "coordinates": [1, 2]}
    file = geojson(here / "p.geojson", [({"cell_id": "a", "x": 3}, point)])
    wrong = refused(landing, file, "--longitude-column", "x")
    assert "p.geojson has points, which say the place" in wrong


def test_a_long_value_is_cut(landing, here):
    assert len(refused(landing, table(here, "a,1," + "x" * 500)).splitlines()[-1]) < 100


def test_a_list_of_other_columns_is_not_mixed_with_ours(landing, here):
    (landing / "cell_sites").mkdir(parents=True)
    (landing / "cell_sites" / "own.csv").write_text("cell_id,longitude,latitude,area_id\nx,1,2,\n")
    code, _, wrong = run("sites", table(here, "a,1,2"), landing=landing)
    assert code == 1
    assert "cell_sites/own.csv has the columns cell_id, longitude, latitude, area_id" in wrong
    assert not (landing / "cell_sites" / "sites.csv").exists()


def test_the_lines_of_the_documentation_work(here, monkeypatch):
    """Those of docs/own_data.md, with files of the names and columns that they have."""
    text = (PROJECT / "docs" / "own_data.md").read_text()
    section = text.partition("## Boundaries and sites")[2].partition("\n## ")[0]
    block = section.partition("```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    code = {"ADM1_PCODE": "R", "ADM1_NAME": "Region"}
    geojson(here / "regions.geojson", [(code, square(0, 0, 2))])
    code = {"ADM2_PCODE": "D", "ADM2_NAME": "District", "POP": 1000}
    geojson(here / "districts.geojson", [(code, square(0, 0))])
    gpd.read_file(here / "districts.geojson").to_file(here / "districts.shp")
    with zipfile.ZipFile(here / "districts.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(here / f"districts.{suffix}", f"districts.{suffix}")
    table(here, "1,2,0.5,0.5,120,4G", columns="lac,ci,lon,lat,dir,gen", name="cells.csv")
    monkeypatch.chdir(here)
    commands = [shlex.split(line) for line in block.splitlines()]
    assert [command[0] for command in commands] == ["source", "export", *["throng"] * 3]
    name, _, value = commands[1][1].partition("=")
    monkeypatch.setenv(name, value)
    for _, *words in commands[2:]:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    [district] = rows_of(here / value / "areas" / "admin2.csv")
    assert (district["parent_area_id"], district["population"]) == ("R", "1000")
    [cell] = rows_of(here / value / "cell_sites" / "sites.csv")
    assert (cell["cell_id"], cell["azimuth"], cell["technology"]) == ("1-2", "120", "4G")


@pytest.fixture(scope="module")
def togo(tmp_path_factory):
    landing = tmp_path_factory.mktemp("togo") / "landing"
    by_name = ("--id-column", "region", "--name-column", "region")
    code, _, wrong = run(
        *("areas", TOGO / "regions.geojson", "--level", "admin1", *by_name), landing=landing
    )
    assert code == 0, wrong
    return landing


@needs_togo
def test_cells_of_togo(togo):
    """287 of the 297 have coordinates; the last ten have none and are said."""
    columns = ("--cell-id-column", "antenna_id", "--site-id-column", "tower_id")
    code, _, wrong = run("sites", TOGO / "antennas.csv", *columns, landing=togo)
    assert code == 1
    assert "10 of 297 rows cannot be used" in wrong
    assert "antennas.csv 298 (a296)  no longitude; no latitude" in wrong
    code, said, _ = run("sites", TOGO / "antennas.csv", *columns, "--leave-out", landing=togo)
    assert code == 0 and "287 cells at 100 places" in said
    with (TOGO / "antennas.csv").open(newline="") as file:
        wanted = [
            (row["antenna_id"], row["tower_id"], row["longitude"], row["latitude"])
            for row in csv.DictReader(file)
            if row["longitude"]
        ]
    assert [
        (row["cell_id"], row["site_id"], row["longitude"], row["latitude"])
        for row in rows_of(togo / "cell_sites" / "sites.csv")
    ] == wanted


@needs_togo
def test_towers_of_togo_exchanged_are_all_noticed(togo):
    code, _, wrong = run(
        *("sites", TOGO / "towers.csv", "--cell-id-column", "tower_id"),
        *("--longitude-column", "latitude", "--latitude-column", "longitude", "--leave-out"),
        landing=togo,
    )
    assert code == 1
    assert "100 of 100 rows cannot be used" in wrong
    assert "100  longitude and latitude exchanged" in wrong
