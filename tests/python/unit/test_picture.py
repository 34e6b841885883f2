"""The picture of one synthetic day, without a server."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from throng.cli import app
from throng.picture.day import Day, Event, Journey, Stop, TrueStop, read_day
from throng.picture.draw import draw
from throng.synth.folders import MANIFEST, MARKER
from throng.synth.generator import generate
from throng.synth.settings import Settings, SynthError

PROJECT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
SMALL = Settings(subscribers=120, days=5, events_per_day=40, lockdown=None)


@pytest.fixture(scope="module")
def variables():
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country")
    generate(SMALL, folder / "landing", folder / "truth")
    return folder


@pytest.fixture(scope="module")
def day(country, variables):
    return read_day(country / "landing", country / "truth", variables)


@pytest.fixture
def copy(country, tmp_path):
    return Path(shutil.copytree(country, tmp_path / "copy"))


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(PROJECT)

    def invoke(country, *options):
        folders = ["--landing", str(country / "landing"), "--truth", str(country / "truth")]
        out = tmp_path / "picture.svg"
        done = CliRunner().invoke(app, ["picture", *folders, "--out", str(out), *options])
        return done, out

    return invoke


def marks(svg, name):
    return [mark for mark in ET.fromstring(svg).iter() if mark.get("class") == name]


def test_the_same_country_gives_the_same_bytes(day, variables, tmp_path):
    generate(SMALL, tmp_path / "landing", tmp_path / "truth")
    again = read_day(tmp_path / "landing", tmp_path / "truth", variables)
    assert draw(again) == draw(day)


def test_parquet_is_read_as_csv_is(variables, tmp_path):
    # Without dirt, which differs between the formats.
    found = []
    for file_format in ("csv", "parquet"):
        landing, truth = tmp_path / file_format / "landing", tmp_path / file_format / "truth"
        generate(replace(SMALL, days=2, format=file_format, dirt=False), landing, truth)
        found.append(read_day(landing, truth, variables))
    assert found[0] == found[1]


def test_the_day_is_a_telling_one(day):
    kinds = [stop.kind for stop in day.true_stops]
    assert kinds[0] == kinds[-1] == "home"
    assert {"work", "other"} <= set(kinds)
    assert len(day.events) >= 10
    assert all(0 <= event.at < 24 for event in day.events)


def test_the_picture_of_the_docs_is_what_its_command_makes(variables, tmp_path):
    settings = Settings(subscribers=300, days=14, events_per_day=50, lockdown=None)
    generate(settings, tmp_path / "landing", tmp_path / "truth")
    made = draw(read_day(tmp_path / "landing", tmp_path / "truth", variables))
    assert made == (PROJECT / "docs" / "one_day.svg").read_text()


def test_every_stop_of_the_day_is_drawn(day):
    svg = draw(day)
    assert len(day.stays) >= 2
    assert len(marks(svg, "stay")) == len(day.stays)
    assert len(marks(svg, "pass-by")) == len(day.stops) - len(day.stays)
    assert len(marks(svg, "event")) == len(day.events)
    assert len(marks(svg, "place")) == len({stop.place for stop in day.true_stops})


def test_the_certain_part_of_each_stay_holds_events(day):
    times = [event.at for event in day.events]
    for stay in day.stays:
        assert stay.arrived_after is None or stay.arrived_after <= stay.arrived_at
        assert stay.left_before is None or stay.left_at <= stay.left_before
        for edge in (stay.arrived_at, stay.left_at):
            assert not 0 <= edge < 24 or any(abs(edge - at) < 1e-6 for at in times)


def test_nothing_in_it_is_an_identifier(run, country):
    done, out = run(country)
    assert done.exit_code == 0
    for words in (out.read_text(), (PROJECT / "docs" / "one_day.svg").read_text(), done.stdout):
        assert "synthetic" in words or words == done.stdout
        assert not re.search(r"\+\d|\d{7}|[0-9a-f]{32}|c\d{5}|s\d{4}", words.replace("#", " "))


def test_a_chosen_subscriber_and_date(country, variables):
    sims = pq.read_table(country / "truth" / "sims.parquet").to_pylist()
    someone = next(s["subscriber_id"] for s in sims if s["first_date"] == SMALL.start)
    other = read_day(country / "landing", country / "truth", variables, someone, date(2020, 2, 5))
    assert other.date == date(2020, 2, 5)
    ET.fromstring(draw(other))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--date", "soon"], "--date must be a date like"),
        (["--date", "2021-02-03"], "--date must be a day from 2020-02-03 to 2020-02-07"),
        (["--subscriber", "nobody"], "This country has no events of that subscriber"),
    ],
)
def test_a_wrong_option_is_one_sentence(run, country, options, sentence):
    done, _ = run(country, *options)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1


def another_manifest(folder):
    file = folder / "truth" / MANIFEST
    manifest = json.loads(file.read_text())
    manifest["settings"]["seed"] += 1
    file.write_text(json.dumps(manifest))


def a_file_of_others(folder):
    (folder / "landing" / "events" / "export.csv").write_text("subscriber_id,event_at,cell_id\n")


def a_changed_file(folder):
    with next((folder / "landing" / "events").glob("*.gz")).open("ab") as file:
        file.write(b"\0")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "truth" / MANIFEST).unlink(),
        lambda folder: (folder / "truth" / MANIFEST).write_text("[]"),
        lambda folder: (folder / "landing" / MARKER).unlink(),
        lambda folder: shutil.rmtree(folder / "landing"),
        another_manifest,
        a_file_of_others,
        a_changed_file,
    ],
)
def test_what_may_be_real_people_is_refused(run, copy, spoil):
    spoil(copy)
    done, out = run(copy)
    assert done.exit_code == 1
    assert "may be real" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_bounds_that_are_unknown_and_journeys_of_two_days():
    here, there = (10.0, 0.0), (10.1, 0.0)
    first = Stop(True, here, None, 2.0, 3.0, 9.0)
    second = Stop(True, there, 4.0, 30.0, 31.0, None)
    day = Day(
        date(2020, 2, 4),
        [Event(2.0, here), Event(3.0, here)],
        [TrueStop("home", here, -5.0, 30.0)],
        [first],
        [Journey(first, second, 3.0, 9.0, 12.0, 30.0)],
        [here, there],
        [],
    )
    svg = draw(day)
    assert len(marks(svg, "stay")) == 1
    # Its other end is not on the map of this day, so it is on the time line only.
    assert not marks(svg, "journey")
    assert "1→" in svg
    assert "nan" not in svg and "inf" not in svg


def test_refusal_is_an_error_of_the_caller(tmp_path, variables):
    with pytest.raises(SynthError, match="may be real"):
        read_day(tmp_path / "landing", tmp_path / "truth", variables)
