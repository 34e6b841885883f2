"""The copies of what is published: made from a build server, and anew when something else is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from throng.serve.audit_table import show_audit
from throng.serve.copies import current_number, read_copy
from throng.serve.follow import copy_published, what_is_in_force
from throng.serve.settings import ServeSettings
from throng.server.password import PASSWORD_VARIABLE
from throng.server.settings import ServerSettings

LEDGER = (
    "insert into released.ledger values "
    "('{}', 'another_mart', 'day', timestamp '2020-02-03', 'published')"
)
WITHDRAWN = (
    "insert overwrite released.ledger values "
    "('r0001', 'another_mart', 'day', timestamp '2020-02-03', 'withdrawn')"
)


@pytest.fixture
def published(own, monkeypatch):
    """A build server with a view for readers and a ledger, as a release makes them."""
    monkeypatch.setenv(PASSWORD_VARIABLE, own.password())
    with own.connect() as connection:
        cursor = connection.cursor()
        for schema in ("marts", "released"):
            cursor.execute(f"create schema if not exists {schema}")
        cursor.execute(
            "create table released.ledger (release_id string, mart string, period string, "
            "period_start timestamp, status string) using parquet"
        )
        cursor.execute(LEDGER.format("r0001"))
        cursor.execute(
            "create table released.it as select timestamp '2020-02-03 04:00:00' as period_start, "
            "level as area_level, 'it''s' as area_id, 7L as n, "
            "cast(1.5 as decimal(5, 2)) as share, "
            "date '2020-02-03' as day, cast(null as double) as mean_distance_km "
            "from values ('admin1'), ('admin2'), ('admin2') as t (level)"
        )
        cursor.execute(
            "create view marts.it (period_start, area_level comment 'Level.', area_id, n, share, "
            "day, mean_distance_km) comment 'Grain: one.' as select * from released.it"
        )
        yield cursor
        for table in ("released.it", "released.ledger"):
            cursor.execute(f"drop table {table}")
        cursor.execute("drop view if exists marts.it")
        for schema in ("marts", "released"):
            cursor.execute(f"drop schema {schema}")


def test_a_copy_is_what_readers_see_and_is_made_once(own, published, tmp_path):
    build, copies = ServerSettings(port=own.port), tmp_path / "the copies' folder"
    copy = copy_published(build, copies)
    assert copy == read_copy(copies, current_number(copies))
    mart = copy.marts["it"]
    assert mart.comment == "Grain: one."
    assert mart.columns[1] == ("area_level", "string", "Level.")
    published.execute("select * from marts.it order by area_level")
    by_server = published.fetchall()
    found = [
        tuple(row.values())
        for file in sorted(mart.files, key=lambda file: file.level)
        for row in pq.read_table(copies / "1" / "it" / file.name).to_pylist()
    ]
    assert [file.level for file in mart.files] in (["admin1", "admin2"], ["admin2", "admin1"])
    assert [str(row[1:4]) for row in found] == [str(row[1:4]) for row in by_server]
    assert found[0][1:] == ("admin1", "it's", 7, Decimal("1.50"), date(2020, 2, 3), None)
    assert found[0][0].replace(tzinfo=None) == datetime(2020, 2, 3, 4)
    assert copy_published(build, copies).number == 1
    published.execute(LEDGER.format("r0002"))
    assert copy_published(build, copies).number == 2
    assert not list(copies.rglob(".*"))


@pytest.fixture
def releases(published):
    """A mart of which releases publish days, one number each."""
    published.execute(
        "create table released.days (period string, period_start timestamp, area_level string, "
        "n bigint, release_id string) using parquet"
    )
    published.execute(
        "create view marts.days as select period, period_start, area_level, n from released.days"
    )

    def publish(release: str, *days: str) -> None:
        """Each with its number at two levels, in the place of what an earlier release said."""
        rows = ", ".join(
            f"('day', timestamp '{day}', '{level}', {day[-2:]}L, '{release}')"
            for day in days
            for level in ("admin1", "admin2")
        )
        entries = ", ".join(
            f"('{release}', 'days', 'day', timestamp '{day}', 'published')" for day in days
        )
        published.execute(f"insert into released.days values {rows}")
        published.execute(f"insert into released.ledger values {entries}")

    yield publish
    published.execute("drop view marts.days")
    published.execute("drop table released.days")


def days_in(copies: Path, number: int) -> tuple[list[tuple], dict[str, int]]:
    """Rows of the mart in a copy, and its files by their place on the disk."""
    mart = read_copy(copies, number).marts["days"]
    files = {file.name: copies / str(number) / "days" / file.name for file in mart.files}
    rows = []
    for file in mart.files:
        for row in pq.read_table(files[file.name]).to_pylist():
            assert row["area_level"] == file.level
            rows.append((row["area_level"], row["period_start"].day, row["n"]))
    return sorted(rows), {name: path.stat().st_ino for name, path in files.items()}


def test_a_release_that_adds_days_copies_these_alone(own, published, releases, tmp_path):
    build, copies = ServerSettings(port=own.port), tmp_path / "copies"
    releases("r0001", "2020-02-03", "2020-02-04")
    copy_published(build, copies)
    rows, files = days_in(copies, 1)
    assert rows == [(level, day, day) for level in ("admin1", "admin2") for day in (3, 4)]
    releases("r0002", "2020-02-05")
    copy_published(build, copies)
    rows, more = days_in(copies, 2)
    assert rows == [(level, day, day) for level in ("admin1", "admin2") for day in (3, 4, 5)]
    assert files.items() < more.items()
    assert len(more) == 4
    # Nothing of it is new: all files stay.
    published.execute(LEDGER.format("r0003"))
    copy_published(build, copies)
    assert days_in(copies, 3) == (rows, more)
    # A day is published again with another number: what was copied of it is no longer right.
    published.execute(
        "create or replace view marts.days as select period, period_start, area_level, n "
        "from released.days where release_id <> 'r0002'"
    )
    entries = ", ".join(
        f"('r0001', 'days', 'day', timestamp '{day}', 'published')"
        for day in ("2020-02-03", "2020-02-04")
    )
    published.execute(f"insert overwrite released.ledger values {entries}")
    releases("r0004", "2020-02-05", "2020-02-06")
    copy_published(build, copies)
    rows, others = days_in(copies, 4)
    assert [day for level, day, _ in rows if level == "admin1"] == [3, 4, 5, 6]
    assert not set(others.values()) & set(more.values())


def test_who_builds_reads_what_readers_did(own, tmp_path):
    folder = tmp_path / "reader's audit"
    folder.mkdir()
    with own.connect() as connection:
        cursor = connection.cursor()
        show_audit(cursor, folder)
        cursor.execute("select * from audit.statements")
        assert cursor.fetchall() == []
        (folder / "audit.1.jsonl").write_text(
            '{"time":"2020-02-03T04:05:06.007Z","event":"login","user":"o\'neil","refused":true,'
            '"reason":"wrong password"}\n'
        )
        (folder / "audit.jsonl").write_text(
            '{"time":"2020-02-03T04:05:07Z","event":"statement","user":"anna","address":"::1",'
            '"role":"public","statement":"select 1\\n","tables":["marts.areas"],"rows":3,'
            '"milliseconds":12,"refused":false}\n{"time":"2020-02-03T04:05'
        )
        show_audit(cursor, folder)  # as every start does
        cursor.execute(
            "select time, event, user, address, role, statement, tables, rows, milliseconds, "
            "refused, error, reason, broken_line from audit.statements order by time nulls last"
        )
        login, statement, broken = cursor.fetchall()
        assert login[1:4] == ("login", "o'neil", None)
        assert login[9:12] == (True, None, "wrong password")
        assert login[0].replace(tzinfo=None) == datetime(2020, 2, 3, 4, 5, 6, 7000)
        assert statement[1:10] == (
            *("statement", "anna", "::1", "public", "select 1\n", '["marts.areas"]', 3, 12, False),
        )
        assert broken[:12] == (None,) * 12
        assert broken[12] == '{"time":"2020-02-03T04:05'
        cursor.execute("drop schema audit cascade")
    assert len(list(folder.iterdir())) == 2


def test_what_is_in_force_has_other_words_after_every_change(published):
    seen = [what_is_in_force(published)]
    for change in (
        LEDGER.format("r0002"),
        LEDGER.format("r0002"),  # two equal rows are not none
        WITHDRAWN,
        "drop view marts.it",
    ):
        published.execute(change)
        seen.append(what_is_in_force(published))
        assert what_is_in_force(published) == seen[-1]
    assert len(set(seen)) == len(seen)


@pytest.mark.long
def test_the_process_that_follows_makes_a_copy_of_each_change(own, published, tmp_path):
    settings = ServeSettings(folder=tmp_path)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "throng.serve.follow", settings.to_json()],
            env=own.env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(settings, 1)
            published.execute(LEDGER.format("r0002"))
            wait_for(settings, 2)
            published.execute(WITHDRAWN)
            wait_for(settings, 3)
            assert read_copy(settings.copies, 3).marts == {}  # out of sight at once
            wait_for(settings, 4)
            assert list(read_copy(settings.copies, 4).marts) == ["it"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert "In force: copy 2, 1 marts." in (tmp_path / "log").read_text()


def wait_for(settings: ServeSettings, number: int) -> None:
    """A few seconds; a machine that is busy with other things takes longer."""
    deadline = time.monotonic() + 90
    while current_number(settings.copies) != number:
        assert time.monotonic() < deadline
        time.sleep(0.1)
