"""The synthetic country before it is published: its tables against another engine, cell for cell.

Its rows are on purpose partly wrong, late and repeated. Nobody's identifier is in what is made of
them. The edge country (test_edge_country.py, long) has somebody for each rule.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from shapely import Point, from_wkt

from tests.python.support import reference
from tests.python.support.second_engine import (
    assert_homes,
    assert_not_below_landing,
    assert_not_written,
    assert_release,
)
from tests.python.support.synthetic_country import DAYS, STUDY
from tests.python.support.tables import assert_candidates, assert_rejected, assert_rows_read


@pytest.fixture(scope="module")
def server(country_server):
    """Its own one."""
    return country_server


@pytest.fixture(scope="module")
def expected(country):
    landing = country / "landing"
    return reference.expected(landing, **STUDY, area_of_cell=areas_by_outline(landing))


def areas_by_outline(landing: Path) -> dict[str, str]:
    """Areas of cells whose row in the list has none: the nearest outline of the finest level."""
    with (landing / "areas/areas.csv").open(newline="") as file:
        areas = {row["area_id"]: row for row in csv.DictReader(file)}
    finest = {key: from_wkt(row["geometry"]) for key, row in areas.items() if "A3-" in key}
    with (landing / "cell_sites/cell_sites.csv").open(newline="") as file:
        cells = [row for row in csv.DictReader(file) if not row["area_id"]]
    assert cells
    return {
        row["cell_id"]: min(
            finest,
            key=lambda key: finest[key].distance(Point(row["longitude"], row["latitude"])),
        )
        for row in cells
    }


@pytest.mark.parametrize("mart", reference.KEYS)
def test_a_candidate_is_what_a_second_engine_counts(server, expected, mart):
    assert len(expected.candidates[mart]) > 0
    assert_candidates(server, expected, [mart])


@pytest.mark.parametrize("mart", reference.KEYS)
def test_what_may_be_published_is_what_a_second_engine_publishes(server, expected, mart):
    # With the other marts it would say who spent the day where nobody else lives.
    assert_release(server, expected, mart, none_published=("count_subscribers_home_area",))


@pytest.mark.long
def test_dbts_unit_tests_pass(server, country):
    """But for those of what the second engine counts, which run with the edge country."""
    counted = [
        f"path:models/{folder},resource_type:unit_test"
        for folder in (
            *("candidates", "marts"),
            *(f"intermediate/{one}" for one in ("homes", "phone_use", "presence", "trajectories")),
        )
    ]
    chosen = ("--select", "resource_type:unit_test", "--exclude", *counted)
    done = server.dbt("test", *chosen, landing=country / "landing", feeds=["listening"], **DAYS)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"PASS=(\d+)", done.stdout)[1]) > 40


def test_rows_are_read_once_and_rejected_for_the_same_reasons(server, expected):
    assert_rows_read(server, expected)
    assert_rejected(server, expected)


def test_people_live_where_a_second_engine_says(server, expected):
    assert_homes(server, expected)


@pytest.fixture(scope="module")
def raw_identifiers(country) -> set[str]:
    """Every identifier of the event files, but those that are also ids of cells and areas."""
    raw, names = set(), set()
    for path in reference._event_files(country / "landing"):
        records = reference._records(path, ",")
        header = next(records)
        places = [header.index(name) for name in ("subscriber_id", "counterpart_id")]
        for record in records:
            raw.update(record[place].strip() for place in places if place < len(record))
    for name, key in (("cell_sites/cell_sites.csv", "cell_id"), ("areas/areas.csv", "area_id")):
        with (country / "landing" / name).open(newline="") as file:
            names.update(row[key] for row in csv.DictReader(file))
    raw -= {"", *names}
    assert len(raw) > 1200
    return raw


def test_no_raw_identifier_below_landing(server, raw_identifiers):
    assert_not_below_landing(server, raw_identifiers)


def test_no_raw_identifier_and_no_key_in_what_dbt_and_the_server_write(
    server, country, raw_identifiers
):
    # `throng` lets dbt write into the project's own folder; this writes into that of the test.
    done = server.dbt("compile", "--select", "candidate_count_residents", landing=country)
    assert done.returncode == 0, done.stdout
    assert_not_written(server, raw_identifiers)


def test_dbt_sessions_have_the_settings_of_the_server(server, country):
    """dbt-spark asks for ANSI off; over Thrift that is ignored, and the profile says on."""
    landing = country / "landing"
    zone = server.dbt(
        "show", "--inline", "select current_timezone() as zone", "--output", "json", landing=landing
    )
    assert '"zone": "UTC"' in zone.stdout, zone.stdout
    cast = server.dbt("show", "--inline", "select cast('x' as int) as number", landing=landing)
    assert "CAST_INVALID_INPUT" in cast.stdout, cast.stdout
