"""Synthetic listeners, read back from their files with plain Python."""

import csv
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from throng.cli import app
from throng.synth.generator import generate
from throng.synth.listeners import (
    CUSTOMER_COLUMNS,
    CUSTOMERS_FILE,
    DIRT,
    EVENTS_FILE,
    ListenerSettings,
    generate_listeners,
)
from throng.synth.settings import Settings, SynthError

SMALL = ListenerSettings(events=20_000, customers=300, start=date(2020, 2, 3), days=10, seed=7)


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listeners")
    generate_listeners(SMALL, folder)
    return folder


def both(landing):
    return [(landing / file).read_bytes() for file in (EVENTS_FILE, CUSTOMERS_FILE)]


def rows(landing):
    with (landing / EVENTS_FILE).open(newline="") as file:
        return list(csv.reader(file))


def is_clean(row):
    if len(row) != 6 or not row[1].strip() or not row[2].strip() or row[4] not in ("0", "1"):
        return False
    return row[3] != "2020-02-30 10:00:00"


def test_the_files_are_as_the_feed_is_described(landing):
    with (landing / CUSTOMERS_FILE).open(newline="") as file:
        customers = list(csv.DictReader(file))
    assert tuple(customers[0]) == tuple(CUSTOMER_COLUMNS)
    assert [row["CustID"] for row in customers] == [str(n) for n in range(1, 301)]
    for row in customers:
        assert datetime.strptime(row["SignDate"], "%m/%d/%Y").date() < SMALL.start
        assert len(row["zip"]) == 5
        codes = ("Gender", 2), ("Status", 2), ("Level", 3), ("Campaign", 5), ("LinkedWithApps", 2)
        for column, n_codes in codes:
            assert int(row[column]) in range(n_codes)
    events = rows(landing)
    assert len(events) == SMALL.events
    end = SMALL.start + timedelta(days=SMALL.days)
    times = []
    for row in filter(is_clean, events):
        assert 1 <= int(row[1]) <= 300
        assert len(row[5]) == 5
        times.append(datetime.strptime(row[3], "%Y-%m-%d %H:%M:%S"))
    assert times == sorted(times), "the file is in order of time"
    assert SMALL.start <= times[0].date() and times[-1].date() < end
    assert {time.hour for time in times} == set(range(24))


def test_same_settings_same_bytes_others_others(landing, tmp_path):
    generate_listeners(SMALL, tmp_path / "again")
    assert both(tmp_path / "again") == both(landing)
    generate_listeners(ListenerSettings(**{**vars(SMALL), "seed": 8}), tmp_path / "other")
    assert both(tmp_path / "other") != both(landing)


def test_dirt_is_as_much_as_was_said(tmp_path):
    report = generate_listeners(SMALL, tmp_path)
    events = rows(tmp_path)
    assert set(report.dirty) == set(DIRT)
    assert all(report.dirty.values())
    spoilt = sum(not is_clean(row) for row in events)
    copies = sum(n - 1 for n in Counter(map(tuple, filter(is_clean, events))).values())
    assert copies == report.dirty["duplicate"]
    assert spoilt + copies == sum(report.dirty.values())


def test_without_dirt_every_row_is_clean_and_once(tmp_path):
    report = generate_listeners(ListenerSettings(**{**vars(SMALL), "dirt": False}), tmp_path)
    events = rows(tmp_path)
    assert report.dirty == {}
    assert all(map(is_clean, events))
    assert [row[0] for row in events] == [str(n) for n in range(SMALL.events)]


def test_a_second_run_reuses_the_files(landing):
    before = [(landing / file).stat().st_mtime_ns for file in (EVENTS_FILE, CUSTOMERS_FILE)]
    report = generate_listeners(SMALL, landing)
    assert report.reused and report.events == SMALL.events
    after = [(landing / file).stat().st_mtime_ns for file in (EVENTS_FILE, CUSTOMERS_FILE)]
    assert after == before


def test_nothing_of_anybody_else_is_replaced(tmp_path):
    folder = tmp_path / "customers"
    folder.mkdir()
    (folder / "real.csv").write_text("CustID\n")
    with pytest.raises(SynthError, match="did not write"):
        generate_listeners(SMALL, tmp_path, force=True)
    assert (folder / "real.csv").read_text() == "CustID\n"
    assert not (tmp_path / "listening_events").exists()


def test_other_settings_replace_only_when_told_to(tmp_path):
    generate_listeners(SMALL, tmp_path)
    other = ListenerSettings(**{**vars(SMALL), "events": 500})
    with pytest.raises(SynthError, match="--force"):
        generate_listeners(other, tmp_path)
    generate_listeners(other, tmp_path, force=True)
    assert len(rows(tmp_path)) == 500


def test_a_country_and_listeners_share_a_landing_folder(tmp_path):
    """Neither run sees, counts or replaces the files of the other."""
    country = Settings(subscribers=50, days=2, lockdown=None, areas=(1, 2, 4), sites=5)
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    generate(country, landing, truth)
    generate_listeners(SMALL, landing)
    before = both(landing)
    assert generate(country, landing, truth).reused
    generate(country, landing, truth, force=True)
    assert both(landing) == before


def test_the_command_says_what_it_made(tmp_path):
    options = ["--landing", str(tmp_path), "--events", "2000", "--customers", "50", "--days", "3"]
    done = CliRunner().invoke(app, ["synth", "listeners", *options])
    assert done.exit_code == 0, done.output
    assert "listening events             2,000  rows" in done.output
    again = CliRunner().invoke(app, ["synth", "listeners", *options])
    assert again.output.startswith("Already there, reused")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--events", "0", "events must be between"),
        ("--start", "today", "--start must be a date"),
        ("--landing", "s3a://store/landing", "must be on this machine"),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path, option, value, said):
    options = ["--landing", str(tmp_path), option, value]
    done = CliRunner().invoke(app, ["synth", "listeners", *options])
    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1
