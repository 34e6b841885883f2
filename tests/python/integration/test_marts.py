"""Every candidate and mart against an independent calculation in another engine, cell for cell."""

from __future__ import annotations

import contextlib
import re

import duckdb
import pandas as pd
import pytest

from tests.python.conftest import Server
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import STUDY
from tests.python.support.tables import (
    assert_candidates,
    assert_rejected,
    assert_rows_read,
    assert_same,
    fingerprint,
    in_order,
    table,
)
from throng.release.attack import declared_relations, lookups
from throng.release.search import search_relations
from throng.release.warehouse import Warehouse

FEEDS = ["recharges", "listening"]
COUNTED_AGAIN = [
    "candidates",
    "marts",
    *(f"intermediate/{domain}" for domain in ("homes", "phone_use", "presence", "trajectories")),
]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    # A space in the path: nothing may depend on there being none.
    folder = tmp_path_factory.mktemp("edge country")
    edge_country.write_edge_country(folder)
    return folder


@pytest.fixture(scope="module")
def built(server, landing):
    before = fingerprint(landing)
    # With the optional feeds, though none has landed: dbt's unit tests are of all models. Unit
    # tests of numbers that this file compares with the second engine run in make test-all, and so
    # do the tests of the data, which the build of the synthetic country runs too.
    counted = [f"path:models/{folder},resource_type:unit_test" for folder in COUNTED_AGAIN]
    chosen = ("--exclude-resource-type", "test", "--exclude", *counted)
    done = server.dbt("build", *chosen, landing=landing, feeds=FEEDS, **STUDY)
    assert done.returncode == 0, done.stdout
    assert fingerprint(landing) == before, "a landing file was touched"
    return done


@pytest.fixture(scope="module")
def tested(server, built, landing):
    """With every test, and all pass; so the build is complete."""
    done = server.dbt("build", landing=landing, feeds=FEEDS, **STUDY)
    assert done.returncode == 0, done.stdout
    assert re.search(r" PASS \w+_min_group_size ", done.stdout)


@pytest.fixture(scope="module")
def expected(landing):
    return reference.expected(landing, **STUDY)


@pytest.mark.parametrize("mart", reference.KEYS)
def test_candidate(server, built, expected, mart):
    assert len(expected.candidates[mart]) > 0
    assert_candidates(server, expected, [mart])


def published(server: Server, mart: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What may be published of a mart, after looking at the rest: every cell, null if withheld."""
    columns = [*frame.columns, "is_suppressed"]
    released = table(server, f"protected.release_{mart}", columns)
    measures = [name for name in frame if name not in reference.KEYS[mart]]
    hidden = released[released["is_suppressed"]]
    assert hidden[measures].isna().all(axis=None)
    keys = [name for name in frame if name not in measures]
    assert not released[keys].astype(str).duplicated().any()
    return released[~released["is_suppressed"]].drop(columns="is_suppressed")


def assert_published(found: pd.DataFrame, frame: pd.DataFrame, mart: str) -> None:
    """Every published row is what was counted; means and shares are the nearest rounded number."""
    rounded = [name for name in frame if name in reference.DECIMALS]
    exact = [name for name in frame if name not in rounded]
    keys = list(reference.KEYS[mart])
    both = pd.concat([in_order(found)[exact], in_order(frame)[exact]]).astype(str)
    assert both.duplicated().sum() == len(found) > 0, "a published row is not what was counted"
    if not rounded:
        return
    text = {"found": found, "frame": frame}
    text = {name: rows.assign(**rows[keys].astype(str)) for name, rows in text.items()}
    pairs = text["found"].merge(text["frame"], on=keys, suffixes=("", "_counted"))
    assert len(pairs) == len(found)
    for name in rounded:
        number, counted = (pairs[name + end].astype(float) for end in ("", "_counted"))
        unit = 10.0 ** -reference.DECIMALS[name]
        assert (number.isna() == counted.isna()).all(), name
        # Half a unit off may be rounded either way.
        assert ((number - counted).abs().dropna() <= unit / 2 + 1e-9).all(), name
        assert ((number / unit - (number / unit).round()).abs().dropna() < 1e-6).all(), name


@pytest.mark.parametrize("mart", reference.KEYS)
def test_release(server, built, expected, mart):
    """Published are the cells of 16 people, but for those withheld to protect others."""
    frame = expected.marts(16)[mart]
    found = published(server, mart, frame)
    assert_published(found, frame, mart)
    cell = f"concat_ws(char(31), '{mart}', {', '.join(reference.KEYS[mart])})"
    [(withheld,)] = server.query(
        f"select count(*) from protected.candidate_{mart} where n_subscribers >= 16 "
        f"and {cell} in (select table_cell from protected.int_withheld_cells) "
        # What tells of one person the reference leaves out by its own rule.
        f"and {cell} not in (select table_cell from protected.int_table_cells where is_dominated)"
    )
    assert len(frame) == len(found) + withheld


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
        # 28 days in 5 weeks and 2 months.
        ("total_subscribers", 28 + 5 + 2),
        ("count_residents", 19 * (1 + 5 + 2)),
    ],
)
def test_every_cell_of_the_study_has_a_row(server, built, mart, cells):
    assert len(table(server, f"protected.release_{mart}", ["period"])) == cells


def test_rejected_rows(server, built, expected):
    assert_rejected(server, expected)


def test_rows_read(server, built, expected):
    assert_rows_read(server, expected)


def test_home_areas(server, built, expected):
    """Who lives where, person by person: the pseudonyms are recomputed with the key."""
    frame = expected.homes.copy()
    frame["subscriber_id"] = [server.pseudonym(who) for who in frame["subscriber_id"]]
    frame["key_id"] = "k1"
    frame = frame.rename(columns={"area_id": "home_area_id"})
    assert_same(table(server, "protected.int_home_areas", list(frame.columns)), frame)


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
    """Not one identifier of the event files stands in any column of any table below.

    Tables are read as their files are on the disk, past the server; views are asked of it.
    """
    seen = 0
    for schema in ("staging", "protected", "released", "marts"):
        views = {row[1] for row in server.query(f"show views in {schema}")}
        for row in server.query(f"show tables in {schema}"):
            name = f"{schema}.{row[1]}"
            values = (
                texts_of_view(server, name) if row[1] in views else texts_of_files(server, name)
            )
            seen += len(values)
            assert not values & raw_identifiers, name
    assert seen > 1000


def may_hold_text(table: str, column: str, sql_type: str) -> bool:
    """A text; or a number with the name of an id, where a phone number could be kept as one."""
    # Every three digits with which a zip may begin, whoever listens.
    if column == "group_value":
        return False
    # A view of what landing holds: unknown cells stand there as they came. What is stored of them
    # is looked at in protected.
    if (table, column) == ("staging.stg_landing__events", "cell_id"):
        return False
    return sql_type in ("string", "varchar") or (sql_type == "bigint" and column.endswith("_id"))


def texts_of_view(server: Server, name: str) -> set[str]:
    described = server.query(f"describe {name}")
    columns = [c for c, sql_type, _ in described if may_hold_text(name, c, sql_type)]
    if not columns:
        return set()
    as_text = ", ".join(f"cast({column} as string)" for column in columns)
    texts = f"select explode(array({as_text})) as text from {name}"
    return {value for (value,) in server.query(f"select distinct text from ({texts})")}


def texts_of_files(server: Server, name: str) -> set[str]:
    schema, table = name.split(".")
    folder = server.warehouse / "tables" / f"{schema}.db" / table
    assert folder.is_dir(), name
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "_SUCCESS"]
    assert all(path.suffix == ".parquet" for path in files), name
    if not files:
        return set()
    rows = duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    columns = [
        column
        for column, sql_type in zip(rows.columns, rows.types, strict=True)
        if may_hold_text(name, column, str(sql_type).lower())
    ]
    found: set[str] = set()
    for column in columns:
        texts = rows.project(f'cast("{column}" as varchar)').distinct().fetchall()
        found.update(value for (value,) in texts)
    return found


def test_no_raw_identifier_in_what_dbt_and_the_server_write(server, built, raw_identifiers):
    long_enough = [raw for raw in raw_identifiers if len(raw) >= 8]
    assert len(long_enough) > 50
    written = [*server.folder.glob("target/**/*"), *server.folder.glob("logs/**/*")]
    for path in [*written, server.warehouse / "server" / "server.log"]:
        if path.is_file():
            text = path.read_text(errors="replace")
            assert not [raw for raw in long_enough if raw in text], path


def test_the_key_is_not_in_what_dbt_writes(server, built):
    key = server.keys()["k1"].hex()
    files = [path for path in server.folder.rglob("*") if path.is_file()]
    written = [path for path in files if {"target", "logs"} & set(path.parts)]
    assert any(path.name == "manifest.json" for path in written)
    assert any(path.name == "dbt.log" for path in written)
    for path in written:
        assert key not in path.read_text(errors="replace"), path


def test_dbt_sessions_have_the_settings_of_the_server(server, built, landing):
    """dbt-spark asks for ANSI off; over Thrift that is ignored, and the profile says on."""
    zone = server.dbt(
        "show", "--inline", "select current_timezone() as zone", "--output", "json", landing=landing
    )
    assert '"zone": "UTC"' in zone.stdout, zone.stdout
    cast = server.dbt("show", "--inline", "select cast('x' as int) as number", landing=landing)
    assert "CAST_INVALID_INPUT" in cast.stdout, cast.stdout


@pytest.mark.long
def test_nothing_adds_up_that_no_mart_declares(server, tested):
    """And what is declared holds, or the search would refuse to go on."""
    connection = server.connect()
    with contextlib.closing(connection):
        warehouse = Warehouse(connection)
        declared = declared_relations(warehouse)
        found = search_relations(warehouse, lookups(warehouse), declared, print)
    # The few subscribers in segments live in areas that happen to lie in each other, on all levels.
    by_chance = ("profile_segments.n_subscribers",)
    assert [one for one in found.unexplained if not one.startswith(by_chance)] == []


@pytest.mark.long
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
        pytest.param("parquet", marks=pytest.mark.long),
        pytest.param("typed parquet", marks=pytest.mark.long),
        pytest.param("no header", marks=pytest.mark.long),
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


@pytest.mark.long
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
