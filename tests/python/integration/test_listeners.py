"""Listener profiles and their summary, from files to what readers see, against plain Python.

The tests of this module are one story and run in this order: a feed is built, attacked, published
and exported; then files come and go.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet as pq

from tests.python.conftest import PROJECT, Server, run_throng
from tests.python.support import listeners
from tests.python.support.tiny_landing import AREAS, CELLS
from throng.synth.listeners import ListenerSettings, generate_listeners

# A build and an audit of its own; test_synthetic_country.py has a feed too.
pytestmark = pytest.mark.long

FIRST, LAST = date(2020, 2, 3), date(2020, 2, 9)
STUDY = {"study_start": str(FIRST), "study_end": str(LAST)}
FEEDS = {"feeds": ["listening"]}
LISTENING = [
    "stg_listening__events",
    "stg_listening__event_files",
    "stg_listening__customers",
    "int_listening_events",
    "int_listening_copies",
    "int_customers_checked",
    "int_listener_counts",
    "int_listener_profiles",
    "rejected_listener_rows",
]
# Event id, customer, track, time, mobile, zip; the customers are in EDGE_CUSTOMERS, or nowhere.
EDGES = """\
e1,day,t1,2020-02-03 00:00:00,1,10001
e2,day,t1,2020-02-03 04:59:59,0,10001
e3,day,t2,2020-02-03 05:00:00,0,10001
e4,day,t2,2020-02-03 11:59:59,1,10001
e5,day,t3,2020-02-03 12:00:00,1,10001
e6,day,t3,2020-02-03 16:59:59,1,10001
e7,day,t4,2020-02-04 17:00:00,1,10001
e8,day,t4,2020-02-04 21:59:59,1,10001
e9,day,t5,2020-02-04 22:00:00,1,10001
e10,day,t5,2020-02-09 23:59:59,1,10001
f1,zips,t1,2020-02-05 10:00:00,1,20001-1234
f2,zips,t1,2020-02-05 10:00:00,1,20002
f10,zips,t1,2020-02-05 10:00:00,1,20003
f4,zips,t1,2020-02-06 10:00:00,1,no zip
f5,zips,t1,2020-02-06 10:00:00,1,+999701234567
g1,nowhere,t1,2020-02-05 10:00:00,1,
h1,unlisted,t1,2020-02-05 10:00:00,1,30001
 h2 , unlisted , t1 ,2020-02-05 11:00:00, 1 , 30001
h2,unlisted,t1,2020-02-05 11:00:00,1,30001
h2,unlisted,t2,2020-02-05 11:00:00,1,30001
,unlisted,t3,2020-02-05 12:00:00,0,30001
,unlisted,t3,2020-02-05 12:00:00,0,30001
i1,late,t1,2020-02-02 23:59:59,1,10001
i2,late,t1,2020-02-10 00:00:00,1,10001
i3,late,t1,,1,10001
i4,late,t1,+999701234567,1,10001
i5,,t1,2020-02-05 10:00:00,1,10001
i6,late,,2020-02-05 10:00:00,1,10001
i7,late,t1,2020-02-05 10:00:00,2,10001
i8,late,t1,2020-02-05 10:00:00
i9,late,t1,2020-02-05 10:00:00,1,10001,more
i10,\\N,t1,2020-02-05 10:00:00,1,10001
i11,0,t1,2020-02-05 10:00:00,1,10001
"""
EDGE_CUSTOMERS = """\
CustID,Name,Gender,Address,zip,SignDate,Status,Level,Campaign,LinkedWithApps
day,"Lovelace, Ada",1,"1 Quiet Brook, Flat 2",10001,02/30/2020,1,2,4,1
 zips ,"Name",0,"Way",20001,01/31/2020, 0 ,9,x,
nowhere,"Name",0,"Way",20001,01/31/2020,0,0,0,0
late,"Name",0,"Way",20001,01/31/2020,0,0,0,0
,"Name",0,"Way",20001,01/31/2020,0,0,0,0
\\N,"Name",0,"Way",20001,01/31/2020,0,0,0,0
short,"Name"
"""
# A newer list: of a customer the greatest file name counts.
CORRECTED = """\
CustID,Name,Gender,Address,zip,SignDate,Status,Level,Campaign,LinkedWithApps
nowhere,"Name",1,"Way",20001,01/31/2020,1,1,1,1
"""
MORE = """\
m1,day,t9,2020-02-05 13:00:00,1,90001
m2,newcomer,t9,2020-02-05 13:00:00,1,90001
e1,day,t1,2020-02-03 00:00:00,1,10001
"""


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    # A space in the path: nothing may depend on there being none.
    folder = tmp_path_factory.mktemp("the listeners")
    feed = ListenerSettings(events=12_000, customers=400, start=FIRST, days=7, seed=5)
    generate_listeners(feed, folder / "landing")
    # Phones are not what this is about: one area, where forty people are every day.
    calls = [f"p{who},2020-02-0{day} 10:00:00,c1" for who in range(40) for day in range(3, 10)]
    for name, text in {
        "events/calls.csv": "\n".join(["subscriber_id,event_at,cell_id", *calls, ""]),
        "cell_sites/cells.csv": CELLS,
        "areas/areas.csv": AREAS,
        "listening_events/by hand/edges.csv": EDGES,
        "customers/edges.csv": EDGE_CUSTOMERS,
        "customers/edges_newer.csv": CORRECTED,
    }.items():
        path = folder / "landing" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "landing"


def throng(server: Server, landing: Path, *arguments: str):
    done = run_throng(*arguments, env=server.env_over(landing), cwd=PROJECT, timeout=1800)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def published(own, landing):
    """Built with every test of the data, attacked, and published."""
    for step in ("build", "audit", "publish"):
        options = [] if step == "publish" else ["--vars", json.dumps(STUDY)]
        done = throng(own, landing, "release", step, *options)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def expected(landing):
    events, refused_events = listeners.read_events(landing, FIRST, LAST)
    customers, refused_customers = listeners.read_customers(landing)
    found = listeners.profiles(events, customers)
    return found, listeners.summary(found), refused_events, refused_customers


def test_every_profile_is_what_plain_python_says(own, published, expected):
    right = expected[0]
    assert len(right) > 300
    assert right["day"]["n_night"] == 4 and right["day"]["n_active_days"] == 3
    assert right["zips"]["latest_zip"] == "20002", "f2 is greater than f10 as text"
    assert right["unlisted"]["n_events"] == 4 and not right["unlisted"]["is_listed"]
    assert right["nowhere"]["level"] == "Silver" and right["nowhere"]["latest_zip"] is None
    assert right["zips"]["level"] == right["zips"]["campaign"] == "unknown"
    listeners.assert_profiles(own, right)


def assert_rejected(server: Server, events: Counter, customers: Counter) -> None:
    found = server.query(
        "select feed, reject_reason, count(*) from protected.rejected_listener_rows group by all"
    )
    right = {("listening_events", reason): n for reason, n in events.items()}
    right |= {("customers", reason): n for reason, n in customers.items()}
    assert {(feed, reason): n for feed, reason, n in found} == right


def test_every_refused_row_is_counted_for_its_reason(own, published, expected):
    _, _, events, customers = expected
    assert len(events) == 8 and len(customers) == 3
    assert_rejected(own, events, customers)
    shown = own.query("select distinct rejected_value from protected.rejected_listener_rows")
    assert ("+999999999999",) in shown, "a number in the wrong column shows its shape"
    assert not [value for (value,) in shown if value and "701234567" in value]


def test_every_statistic_is_what_plain_python_says(own, published, expected):
    listeners.assert_statistics(own, expected[1])


def mart(server: Server) -> dict[tuple[str, str, str], dict]:
    keys = ["grouped_by", "group_value", "feature"]
    measures = ["n_subscribers", "mean_value", "variance", "standard_deviation", "n_nonzero"]
    measures += ["l1_norm", "l2_norm", "is_suppressed"]
    found = listeners.rows(server, "marts.listener_summary", [*keys, *measures])
    return {tuple(row.pop(key) for key in keys): row for row in found}


def test_readers_see_the_statistics_of_groups_and_of_nobody_else(own, published, expected):
    found, right = mart(own), expected[1]
    # Everyone, 4 levels, 6 campaigns, 3 genders, 3 statuses and 1,001 prefixes, whoever listens.
    assert len(found) == (1 + 4 + 6 + 3 + 3 + 1001) * 7
    shown = {key: row for key, row in found.items() if not row["is_suppressed"]}
    assert {key[0] for key in shown} >= {"everyone", "level", "campaign", "gender", "status"}
    for key, row in found.items():
        if row["is_suppressed"]:
            assert set(row.values()) == {None, True}
            continue
        truth = right[key]
        assert row["n_subscribers"] == truth["n_subscribers"] >= 16
        for name in ("mean_value", "variance", "standard_deviation", "l2_norm"):
            assert row[name] == pytest.approx(truth[name], abs=0.0051), (key, name)
        assert row["l1_norm"] == truth["l1_norm"]
        if row["n_nonzero"] is not None:
            assert row["n_nonzero"] == truth["n_nonzero"]
            assert truth["n_subscribers"] - truth["n_nonzero"] not in range(1, 16)


def test_what_subtraction_gives_is_a_group_too(own, published, expected):
    """Everyone less what is shown of a kind: nobody, or a group that no one makes up."""
    found, profiles = mart(own), expected[0]
    listed = [profile for profile in profiles.values() if profile["is_listed"]]
    n_gaps = 0
    for kind in ("level", "campaign", "gender", "status", "zip_prefix"):
        shown = {key[1] for key, row in found.items() if key[0] == kind and row["n_subscribers"]}
        if not shown:
            continue
        missing = [profile for profile in listed if listeners.group_of(profile, kind) not in shown]
        n_gaps += bool(missing)
        assert not missing or len(missing) >= 16, kind
        for feature in listeners.FEATURES if missing else ():
            numbers = sorted((profile[feature] for profile in missing), reverse=True)
            assert sum(number > 0 for number in numbers) >= 16 or not any(numbers)
            for powers in (numbers, [number**2 for number in numbers]):
                assert 2 * powers[0] <= sum(powers), (kind, feature)
                assert sum(powers[2:]) >= 0.1 * powers[0], (kind, feature)
    assert n_gaps > 0, "nothing is missing, so nothing is tested"


def test_names_addresses_and_ids_stay_in_the_files(own, published, expected):
    ids = set(expected[0])
    for schema in ("staging", "protected", "released", "marts"):
        for _, table, *_ in own.query(f"show tables in {schema}"):
            if "listen" not in table and "customers" not in table:
                continue
            columns = {name: kind for name, kind, *_ in own.query(f"describe {schema}.{table}")}
            assert not {"name", "address"} & {column.lower() for column in columns}
            if "customer_id" in columns:
                assert columns["customer_id"] == "bigint", table
                found = own.query(f"select distinct customer_id from {schema}.{table}")
                assert not ids & {str(customer) for (customer,) in found}, table


def test_a_mart_is_exported(own, published, landing, tmp_path):
    right = [tuple(row) for row in own.query("select * from marts.listener_summary")]
    for file_format in ("csv", "json", "parquet"):
        out = tmp_path / f"summary.{file_format}"
        options = ["--format", file_format, "--out", str(out)]
        done = throng(own, landing, "export", "listener_summary", *options)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().endswith(f"{len(right):,} rows of listener_summary")
    with (tmp_path / "summary.csv").open(newline="") as file:
        as_csv = list(csv.DictReader(file))
    as_json = json.loads((tmp_path / "summary.json").read_text())
    as_parquet = pq.read_table(tmp_path / "summary.parquet").to_pylist()
    assert len(as_csv) == len(as_json) == len(as_parquet) == len(right)
    for text, row, typed in zip(as_csv, as_json, as_parquet, strict=True):
        assert row == {**typed, "period_start": "2020-02-03 00:00:00"}
        assert text["n_subscribers"] == ("" if row["is_suppressed"] else str(row["n_subscribers"]))
    [(l1_norms,)] = own.query("select sum(l1_norm) from marts.listener_summary")
    assert sum(row["l1_norm"] or 0 for row in as_json) == l1_norms


@pytest.mark.parametrize(
    "table", ["int_listener_profiles", "protected.candidate_listener_summary", "staging.x"]
)
def test_a_table_that_is_no_mart_is_not_exported(own, published, landing, tmp_path, table):
    out = tmp_path / "out.csv"
    done = throng(own, landing, "export", table, "--out", str(out))
    assert done.returncode == 1
    server, error = done.stderr.strip().splitlines()
    assert server.startswith("Server 127.0.0.1:")
    assert error.startswith("Error: ") and "The marts are: " in error
    assert not out.exists()


def read_at(server: Server) -> dict[str, float]:
    """When the rows of each file were written."""
    folder = server.warehouse / "tables/protected.db/int_listening_events"
    return {
        part.name: max(file.stat().st_mtime for file in part.glob("*.parquet"))
        for part in folder.glob("source_file=*")
    }


def listening(server: Server, *arguments: str, landing: Path) -> None:
    done = server.dbt(
        "run", "--select", *LISTENING, *arguments, landing=landing, feeds=["listening"], **STUDY
    )
    assert done.returncode == 0, done.stdout


def assert_as_built_anew(server: Server, landing: Path) -> None:
    """The tables are what the files say, and what a build from nothing makes."""
    events, refused_events = listeners.read_events(landing, FIRST, LAST)
    customers, refused_customers = listeners.read_customers(landing)
    right = listeners.profiles(events, customers)
    tables = ("int_listening_events", "int_listener_profiles", "rejected_listener_rows")

    def content(table: str) -> Counter:
        return Counter(server.query(f"select * from protected.{table}"))

    listeners.assert_profiles(server, right)
    assert_rejected(server, refused_events, refused_customers)
    before = {table: content(table) for table in tables}
    listening(server, "--full-refresh", landing=landing)
    assert {table: content(table) for table in tables} == before


def test_a_new_file_updates_the_profiles_and_the_others_are_not_read_again(own, published, landing):
    before = read_at(own)
    (landing / "listening_events" / "more.csv").write_text(MORE)
    listening(own, landing=landing)
    after = read_at(own)
    assert len(after) == len(before) + 1
    assert {name: after[name] for name in before} == before
    [(n_events,)] = own.query(
        "select n_events from protected.int_listener_profiles "
        f"where customer_id = {own.pseudonym('day')}"
    )
    assert n_events == 11, "the copy of e1 is none"
    assert_as_built_anew(own, landing)


def test_a_changed_file_is_read_again_and_one_that_is_gone_is_forgotten(own, published, landing):
    (landing / "listening_events" / "more.csv").write_text(MORE.replace("newcomer", "another"))
    (landing / "listening_events" / "by hand" / "edges.csv").unlink()
    listening(own, landing=landing)
    found = own.query("select distinct source_file from protected.int_listening_events")
    assert {name for (name,) in found} == {"tracks.csv", "more.csv"}
    assert_as_built_anew(own, landing)


def test_without_a_feed_there_are_no_listeners_and_no_error(own, published, landing):
    for folder in ("listening_events", "customers"):
        shutil.rmtree(landing / folder)
    groups = ["int_listener_groups", "int_listener_dimensions"]
    select = ["--select", *LISTENING, *groups, "candidate_listener_summary", "listener_summary"]
    done = own.dbt("run", *select, landing=landing, feeds=["listening"], **STUDY)
    assert done.returncode == 0, done.stdout
    for table in (*LISTENING[3:], "candidate_listener_summary"):
        assert own.query(f"select count(*) from protected.{table}") == [(0,)], table
    # The groups of the code lists have their rows, whoever listens, and all are withheld.
    shown = "select count_if(not is_suppressed) from protected.release_listener_summary"
    assert own.query(shown) == [(0,)]
    assert len(mart(own)) == 7126, "what was published stays"
