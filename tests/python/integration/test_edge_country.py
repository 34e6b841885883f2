"""Every candidate and mart of the edge country against another engine, cell for cell.

The same is asked of the synthetic country in `make test` (test_country_counted_again.py). Here
every rule has somebody whom it decides.
"""

from __future__ import annotations

import contextlib
import re

import pandas as pd
import pytest

from tests.python.support import edge_country, reference
from tests.python.support.edge_country import STUDY
from tests.python.support.second_engine import (
    assert_homes,
    assert_not_below_landing,
    assert_not_written,
    assert_published,
    assert_release,
    published,
)
from tests.python.support.tables import (
    assert_candidates,
    assert_rejected,
    assert_rows_read,
    fingerprint,
    table,
)
from throng.release.attack import declared_relations, lookups
from throng.release.search import search_relations
from throng.release.warehouse import Warehouse

pytestmark = pytest.mark.long

FEEDS = ["recharges", "listening"]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    # A space in the path: nothing may depend on there being none.
    folder = tmp_path_factory.mktemp("edge country")
    edge_country.write_edge_country(folder)
    return folder


@pytest.fixture(scope="module")
def built(server, landing):
    before = fingerprint(landing)
    # With the optional feeds, though none has landed: dbt's unit tests are of all models.
    done = server.dbt("build", landing=landing, feeds=FEEDS, **STUDY)
    assert done.returncode == 0, done.stdout
    assert re.search(r" PASS \w+_min_group_size ", done.stdout)
    assert fingerprint(landing) == before, "a landing file was touched"
    return done


@pytest.fixture(scope="module")
def expected(landing):
    return reference.expected(landing, **STUDY)


@pytest.mark.parametrize("mart", reference.KEYS)
def test_candidate(server, built, expected, mart):
    assert len(expected.candidates[mart]) > 0
    assert_candidates(server, expected, [mart])


@pytest.mark.parametrize("mart", reference.KEYS)
def test_release(server, built, expected, mart):
    assert_release(server, expected, mart)


@pytest.mark.parametrize("mart", ["stay_durations", "journeys_od"])
def test_means_that_tell_of_one_person_are_withheld(server, built, expected, mart):
    keys = list(reference.KEYS[mart])
    measure = {"stay_durations": "at_least_minutes", "journeys_od": "distance_km"}[mart]
    cells = expected.candidates[mart]
    cells = cells[cells["n_subscribers"] >= 16]
    of_one = cells[cells[f"largest_{measure}"] > cells[f"total_{measure}"] / 2]
    assert len(of_one) > 0, "nobody in the edge country makes up more than half"
    released = table(server, f"protected.release_{mart}", [*keys, "is_suppressed"])
    hidden = released[released["is_suppressed"]][keys].astype(str)
    assert len(hidden.merge(of_one[keys].astype(str))) == len(of_one)


@pytest.mark.parametrize(
    ("mart", "cells"),
    [
        # 19 areas (15 districts, 4 provinces) on 28 days, and 24 hours of each.
        ("count_subscribers_single_area", 19 * 28),
        ("count_events", 19 * 28 * 25),
        # Pairs within a level; homes may be none.
        ("od_matrix_directed_all_pairs", (15**2 + 4**2) * 28),
        ("od_matrix_undirected_all_pairs", (15 * 14 + 4 * 3) // 2 * 28),
        ("count_visits_home_away", (16 * 15 + 5 * 4) * 28),
        # Kinds of stop; hours and activities, bands of distance, in 5 weeks; kinds of day and hours
        # in 2 months.
        ("count_stops", 19 * 28 * 2),
        ("stay_durations", 19 * 5),
        ("day_rhythm", 19 * 5 * 24 * 3),
        ("journeys_od", (15**2 + 4**2) * (28 + 5)),
        ("journeys_by_hour", 19 * 2 * 2 * 24),
        ("trip_distances", 19 * 5 * 7),
        ("distance_travelled", 19 * (28 + 5)),
        ("count_active_residents", 19 * 28),
        # No area with itself.
        ("od_matrix_directed_between_days", (15 * 14 + 4 * 3) * 28),
        ("stay_times_od", (15 * 14 + 4 * 3) * 28),
        ("arrivals_departures", 19 * 28 * 3),
        ("day_locations", (15**2 + 4**2) * 28),
        # 28 days in 5 weeks and 2 months.
        ("total_subscribers", 28 + 5 + 2),
        # The study and its reference period.
        ("count_residents", 19 * (2 + 5 + 2)),
    ],
)
def test_every_cell_of_the_study_has_a_row(server, built, mart, cells):
    assert len(table(server, f"protected.release_{mart}", ["period"])) == cells


def test_rejected_rows(server, built, expected):
    assert_rejected(server, expected)


def test_rows_read(server, built, expected):
    assert_rows_read(server, expected)


def test_home_areas(server, built, expected):
    assert_homes(server, expected)


@pytest.fixture(scope="module")
def raw_identifiers(landing):
    """Every identifier of the event files, but those that are also ids of cells and areas."""
    raw = set()
    for path in reference._event_files(landing):
        for record in reference._records(path, ","):
            raw.update(value.strip() for value in record[:1] + record[5:6])
    names = {row[0].strip() for row in edge_country.CELLS + edge_country.AREAS}
    names |= {row[0] for row in edge_country.NEAR_CELLS}
    raw -= {"subscriber_id", "counterpart_id", "", *names}
    assert len(raw) > 600
    return raw


def test_no_raw_identifier_below_landing(server, built, raw_identifiers):
    assert_not_below_landing(server, raw_identifiers)


def test_no_raw_identifier_in_what_dbt_and_the_server_write(server, built, raw_identifiers):
    assert_not_written(server, raw_identifiers)


def test_nothing_adds_up_that_no_mart_declares(server, built):
    """And what is declared holds, or the search would refuse to go on."""
    connection = server.connect()
    with contextlib.closing(connection):
        warehouse = Warehouse(connection)
        declared = declared_relations(warehouse)
        found = search_relations(warehouse, lookups(warehouse), declared, print)
    # The few subscribers in segments live in areas that happen to lie in each other, on all levels.
    by_chance = ("profile_segments.n_subscribers",)
    assert [one for one in found.unexplained if not one.startswith(by_chance)] == []


def test_a_smaller_threshold_publishes_more(server, built, landing, expected):
    select = ["--select", "int_withheld_cells+"]
    done = server.dbt("run", *select, landing=landing, min_group_size=14, **STUDY)
    assert done.returncode == 0, done.stdout
    smallest = []
    for mart in reference.KEYS:
        frame = expected.marts(14)[mart]
        found = published(server, mart, frame)
        assert_published(found, frame, mart)
        smallest.append(found["n_subscribers"].min())
    assert min(smallest) == 14


@pytest.mark.parametrize(
    "way",
    [
        "parquet",
        "typed parquet",
        "no header",
    ],
)
def test_other_ways_to_write_the_same_events(server, tmp_path, way):
    edge_country.write_plain_operator(tmp_path)
    columns = edge_country.PLAIN_EVENT_COLUMNS
    expected = reference.expected(tmp_path, event_columns=columns)
    files = reference._event_files(tmp_path)
    events = pd.concat([pd.read_csv(file, dtype=str) for file in files]).dropna()
    events = events[list(columns.values())]
    assert len(events) == int(expected.rows_read["n_rows"].sum()), "the plain feed has no dirt"
    for file in files:
        file.unlink()
    options = {"event_columns": columns}
    if way == "no header":
        moments = pd.to_datetime(events[columns["event_at"]])
        events[columns["event_at"]] = moments.dt.strftime("%d/%m/%YT%H.%M.%S")
        events.to_csv(tmp_path / "events" / "feed.txt", sep="|", header=False, index=False)
        options = {
            "event_columns": {ours: f"column_{n}" for n, ours in enumerate(columns, start=1)},
            "event_delimiter": "|",
            "event_header": False,
            "event_timestamp_format": "dd/MM/yyyy'T'HH.mm.ss",
        }
    else:
        if way == "typed parquet":  # as pandas writes it: nanoseconds
            events[columns["event_at"]] = pd.to_datetime(events[columns["event_at"]])
        events.to_parquet(tmp_path / "events" / "feed.parquet", index=False)
    wanted = ["count_residents", "od_matrix_directed_consecutive_pairs"]
    done = server.dbt(
        "run",
        "--select",
        *[f"+candidate_{mart}" for mart in wanted],
        landing=tmp_path,
        **options,
    )
    assert done.returncode == 0, done.stdout
    assert_candidates(server, expected, wanted)


def test_an_operators_own_column_names_and_pseudonyms(server, tmp_path):
    """Three columns and nothing else; test_listeners builds everything over such a feed."""
    edge_country.write_plain_operator(tmp_path)
    columns = edge_country.PLAIN_EVENT_COLUMNS
    assert set(columns.values()) == {"msisdn", "call_datetime", "location_id"}
    options = {"event_columns": columns, "pseudonymise": False}
    wanted = [f"+candidate_{mart}" for mart in reference.KEYS]
    done = server.dbt("run", "--select", *wanted, landing=tmp_path, **options)
    assert done.returncode == 0, done.stdout
    expected = reference.expected(tmp_path, event_columns=columns)
    assert_candidates(server, expected, reference.KEYS)
    found = server.query("select distinct subscriber_id, key_id from protected.int_home_areas")
    people = ", ".join(f"xxhash64('{who}')" for who in set(expected.homes["subscriber_id"]))
    numbers = server.query(f"select explode(array({people}))")
    assert {subscriber for subscriber, _ in found} == {number for (number,) in numbers}
    assert {key_id for _, key_id in found} == {None}
