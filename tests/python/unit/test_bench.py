"""The benchmark without a server: DuckDB's tables are right, logs and results are read right."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from datetime import date

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.python.support.reference import expected
from throng.bench.data import FEEDS, make_country, make_listeners, without_last_day
from throng.bench.flowminder import TABLES, make_tables
from throng.bench.growth import chart, exponents
from throng.bench.measure import RunError, read_event_log, run
from throng.bench.published import SqlFileError, run_files
from throng.bench.report import markdown
from throng.bench.suite import Result
from throng.cli import app

HOME = date(2020, 2, 3), date(2020, 2, 9)
DAYS = 8
# A small country has few groups of 16.
LEAST = 2


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return make_country(tmp_path_factory.mktemp("bench"), 200, DAYS, 1, lambda line: None)


@pytest.fixture(scope="module")
def reference(country, tmp_path_factory):
    """The second engine of the tests, which reads CSV."""
    folder = tmp_path_factory.mktemp("csv")
    for feed in ("events", "cell_sites", "areas"):
        (folder / feed).mkdir()
        duckdb.sql(
            f"copy (select * from read_parquet('{country.landing}/{feed}/*.parquet')) "
            f"to '{folder}/{feed}/all.csv' (header, timestampformat '%Y-%m-%d %H:%M:%S')"
        )
    start, end = (day.isoformat() for day in HOME)
    return expected(
        folder,
        study_start=start,
        study_end=country.end.isoformat(),
        home_start=start,
        home_end=end,
    )


@pytest.fixture(scope="module")
def tables(country, tmp_path_factory):
    with make_tables(
        country.landing, HOME, 1, tmp_path_factory.mktemp("duckdb"), LEAST
    ) as connection:
        yield {name: connection.sql(f"from {name}").df() for name in TABLES}


def of_reference(reference, table):
    """The cells of the second engine that a table of Flowminder's has."""
    if table == "count_residents":  # theirs are of the study, Flowminder's of the home period
        homes = reference.homes[reference.homes["period"] == "reference"]
        cells = homes.groupby("area_id").size().reset_index(name="n_subscribers")
        return cells[cells["n_subscribers"] >= LEAST]
    mart, _, period = table.partition("_per_")
    cells = reference.candidates[mart]
    if mart == "count_events":
        period = "hour"
    if period or mart == "total_subscribers":
        cells = cells[cells["period"] == (period or "day")]
    return cells[cells["n_subscribers"] >= LEAST]


@pytest.mark.parametrize("table", [name for name in TABLES if name != "homes"])
def test_the_tables_of_duckdb_are_those_of_the_second_engine(table, tables, reference):
    theirs, ours = of_reference(reference, table), tables[table]
    number = "n_events" if table == "count_events" else "n_subscribers"
    keys = [name for name in ours.columns if name != number]
    for name in keys:
        if name.endswith(("_start", "_date")):
            theirs = theirs.rename(columns={"period_start": name})
            ours[name] = pd.to_datetime(ours[name])
    assert len(ours) > 0
    joined = ours.merge(theirs, on=keys, how="outer", suffixes=("", "_theirs"))
    assert len(joined) == len(ours) == len(theirs)
    assert (joined[number] == joined[f"{number}_theirs"]).all()


def test_one_level_is_the_finest_and_the_three_stay(country):
    areas = pq.read_table(country.landing / "areas").to_pandas()
    assert set(areas["area_level"]) == {"admin3"}
    assert areas["parent_area_id"].isna().all()
    all_levels = pq.read_table(country.landing.parent / "landing" / "areas").to_pandas()
    assert set(all_levels["area_level"]) == {"admin1", "admin2", "admin3"}


def test_the_last_day_lands_later(country, tmp_path):
    files = sorted(path.name for path in (country.landing / "events").iterdir())
    before, land_last_day = without_last_day(country, tmp_path / "landing")
    assert len(files) == DAYS
    assert sorted(path.name for path in (before.landing / "events").iterdir()) == files[:-1]
    land_last_day()
    assert sorted(path.name for path in (before.landing / "events").iterdir()) == files
    assert sorted(path.name for path in (country.landing / "events").iterdir()) == files


def test_listening_events_land_beside_a_small_country(tmp_path):
    made = [make_listeners(tmp_path, 2_000, 2, lambda line: None) for _ in range(2)]
    assert made[0] == made[1], "found again"
    assert (made[0].events, made[0].subscribers, made[0].feeds) == (2_000, 10, ("listening",))
    folders = {path.name for path in made[0].landing.iterdir() if path.is_dir()}
    assert folders == {*FEEDS, "listening_events", "customers"}


PUBLISHED = {
    # By name after the table that it reads; its homes come first.
    "count_residents.sql": "create table residents as select locality, count(*) as n "
    "from home_locations group by 1;",
    "home_locations.sql": "create table home_locations as select msisdn, max(region) as locality "
    "from calls inner join cells on calls.location_id = cells.cell_id "
    "where call_date = cast(call_datetime as date) group by 1;",
    "core_tables.sql": "create table calls (msisdn text);",
}


def test_files_given_by_path_are_run_over_the_same_events(country, tmp_path):
    for name, sql in PUBLISHED.items():
        (tmp_path / name).write_text(sql)
    with run_files(country.landing, tmp_path, 1, tmp_path) as connection:
        [(people,)] = connection.sql("select sum(n) from residents").fetchall()
    events = f"read_parquet('{country.landing}/events/*.parquet')"
    [(expected_people,)] = duckdb.sql(
        f"select count(distinct subscriber_id) from {events} join "
        f"read_parquet('{country.landing}/cell_sites/*.parquet') using (cell_id)"
    ).fetchall()
    assert people == expected_people > 0


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "there is no .sql file in "),
        ({"a.sql": "create table a as select secret from calls"}, "DuckDB refuses .*a.sql: Binder"),
    ],
)
def test_files_that_cannot_be_run_are_named(country, tmp_path, files, sentence):
    for name, sql in files.items():
        (tmp_path / name).write_text(sql)
    with pytest.raises(SqlFileError, match=sentence):
        run_files(country.landing, tmp_path, 1, tmp_path)


def test_a_command_is_timed_and_its_memory_seen():
    holds = "x = bytearray(200_000_000); import time; time.sleep(2.5); print(len(x))"
    done = run([sys.executable, "-c", holds], {})
    assert done.output == "200000000\n"
    assert done.seconds >= 2.5
    assert done.peak_python_mb > 190
    assert done.peak_java_mb == 0


def test_a_command_that_fails_says_what_it_said():
    with pytest.raises(RunError, match="no such table"):
        run([sys.executable, "-c", "import sys; sys.exit('no such table')"], {})


def test_an_event_log_is_summed_up_by_node(tmp_path):
    started = {
        "Event": "SparkListenerJobStart",
        "Stage IDs": [1, 2],
        "Properties": {"spark.job.description": '/* {"node_id": "model.throng.a"} */'},
    }
    ended = {
        "Event": "SparkListenerTaskEnd",
        "Stage ID": 2,
        "Task Metrics": {
            "Executor CPU Time": 1_500_000_000,
            "Disk Bytes Spilled": 2**20,
            "Shuffle Write Metrics": {"Shuffle Bytes Written": 3 * 2**20},
        },
    }
    other = {**ended, "Stage ID": 7}
    lines = [json.dumps(event) for event in (started, ended, other, ended)]
    # A server that still runs has written half of its last line.
    (tmp_path / "log").write_text("\n".join(lines)[:-9])
    work = read_event_log(tmp_path)
    assert work.cpu_seconds == {"a": 1.5, "other": 1.5}
    assert (work.shuffled_mb, work.spilled_mb) == (6, 2)


def test_the_table_has_the_ratio_to_duckdb_and_columns_below_each_other():
    told = {"scenario": "flows", "about": "tables", "events": 1000, "subscribers": 9, "days": 3}
    results = [
        Result(**told, part="duckdb", seconds=[2.0, 4.0, 3.0], peak_java_mb=0, peak_python_mb=5),
        Result(**told, part="published", seconds=[9.0], peak_java_mb=0, peak_python_mb=5),
        Result(
            **told,
            part="build",
            seconds=[4.5],
            peak_java_mb=4096,
            peak_python_mb=5,
            slowest=[("int_stops", 3.2)],
        ),
        Result(**told, part="day", seconds=[0.9], peak_java_mb=0, peak_python_mb=5),
    ]
    text = markdown({"cores": "2"}, results)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert [cell.strip() for cell in table[4].split("|")[1:9]] == [
        *("flows", "1,000", "build", "4.5", "222", "1.50", "0.50", "4,096"),
    ]
    assert "flows, 1,000 events, build: int_stops 3" in text
    assert "flows, 1,000 events, day: 20%" in text


def test_growth_is_told_and_drawn():
    told = {"scenario": "flows", "about": "", "subscribers": 9, "days": 3, "part": "build"}
    memory = {"peak_java_mb": 0, "peak_python_mb": 0}
    small, large, alone = (
        Result(**{**told, **memory, "events": 10**6, "seconds": [10.0]}),
        Result(**{**told, **memory, "events": 10**8, "seconds": [100.0]}),
        Result(**{**told, **memory, "part": "audit", "events": 10**6, "seconds": [5.0]}),
    )
    assert exponents([large, alone, small]) == [
        "flows, build: 1,000,000 to 100,000,000 events, 0.50"
    ]
    assert "0.50" in markdown({}, [small, large])
    picture = ET.fromstring(chart([large, alone, small]))
    circles = picture.findall("{http://www.w3.org/2000/svg}circle")
    (left, low), (right, high) = ((float(c.get("cx")), float(c.get("cy"))) for c in circles)
    assert left < right and low > high
    words = [found.text for found in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "flows, build" in words and "flows, audit" not in words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scenario", "fast"], "there is no scenario fast. There are: flows"),
        (["--events", "20"], "--events is 20: with fewer than 1,000"),
        (["--memory", "much", "--events", "1000"], "memory 'much' is not understood"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path, arguments, sentence):
    options = ["--days", "2", "--work", str(tmp_path)]
    done = CliRunner().invoke(app, ["bench", *options, *arguments])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {sentence}")
