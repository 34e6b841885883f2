"""The synthetic country: read back from its files with plain Python."""

import csv
import gzip
import hashlib
import itertools
import json
import os
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
import typer
from typer.testing import CliRunner

from throng.landing.feeds import EVENT_COLUMNS
from throng.synth.commands import synth
from throng.synth.dirt import REASONS
from throng.synth.generator import generate
from throng.synth.settings import Settings, SynthError

SMALL = Settings(
    subscribers=700,
    start=date(2020, 2, 3),
    days=16,
    seed=7,
    lockdown=date(2020, 2, 13),
    part_rows=3_000,
)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class Made:
    """A country on disk."""

    def __init__(self, settings, folder):
        self.settings = settings
        self.landing, self.truth = folder / "landing", folder / "truth"
        self.report = generate(settings, self.landing, self.truth)

    def files(self):
        return sorted(
            p.relative_to(self.landing / "events").as_posix()
            for p in (self.landing / "events").rglob("*")
            if p.is_file()
        )

    def lines(self, name):
        with gzip.open(self.landing / "events" / name, "rt", newline="") as file:
            return file.read().split("\n")[:-1]

    def table(self, name):
        return pq.read_table(self.truth / f"{name}.parquet").to_pylist()

    def reference(self, name):
        with (self.landing / name / f"{name}.csv").open(newline="") as file:
            csv.field_size_limit(10**9)
            return list(csv.DictReader(file))

    def dirty(self):
        return {(r["file"], r["line_number"]): r["reason"] for r in self.table("dirty_rows")}

    def clean(self):
        """Accepted events as tuples of EVENT_COLUMNS."""
        dirty = self.dirty()
        return [
            tuple(line.split(","))
            for name in self.files()
            for number, line in enumerate(self.lines(name), start=1)
            if number > 1 and (name, number) not in dirty
        ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(SMALL, tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="module")
def clean(made):
    return made.clean()


def hashes(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_seed_same_bytes(tmp_path, file_format):
    settings = replace(SMALL, subscribers=150, days=6, format=file_format)
    Made(settings, tmp_path / "a")
    Made(settings, tmp_path / "b")
    Made(replace(settings, seed=8), tmp_path / "c")
    a, b, c = (hashes(tmp_path / name) for name in "abc")
    assert a == b
    assert len(a) > 15
    changed = [name for name in a if name in c and a[name] != c[name]]
    assert {"landing/areas/areas." + file_format, "truth/stops.parquet"} <= set(changed)
    assert not any(a[n] == c.get(n) for n in a if "events_" in n)


def test_faults_are_made_where_they_are_asked_for(tmp_path):
    """And nothing else changes: who is where, and what is wrong with rows."""
    plain = replace(SMALL, format="parquet", dirt=False)
    one = Made(plain, tmp_path / "plain")
    other = Made(replace(plain, outages=10, machines=3, clones=4), tmp_path / "faults")
    again = Made(replace(plain, outages=10, machines=3, clones=4), tmp_path / "again")
    assert hashes(other.landing.parent) == hashes(again.landing.parent)
    truth = {path.name for path in one.truth.iterdir()}
    assert {path.name for path in other.truth.iterdir()} - truth == {"odd_subscribers.parquet"}
    assert one.table("stops") == other.table("stops")
    # One site is always down; of ten others one cell or all three are.
    down = other.table("cells_down")
    assert 10 <= len(down) - len(one.table("cells_down")) <= 30
    assert not set(Settings().as_json()) & {"outages", "machines", "clones"}

    events = [
        row
        for name in other.files()
        for row in pq.read_table(
            other.landing / "events" / name, columns=["subscriber_id", "event_at", "cell_id"]
        ).to_pylist()
    ]
    times = {row["cell_id"]: (row["down_from"], row["down_to"]) for row in down}
    assert not [
        row
        for row in events
        if row["cell_id"] in times
        and times[row["cell_id"]][0] <= row["event_at"] < times[row["cell_id"]][1]
    ]
    odd = {row["subscriber_id"]: row["what"] for row in other.table("odd_subscribers")}
    assert Counter(odd.values()) == {"machine": 3, "clone": 4}
    for who, what in odd.items():
        moments = sorted(row["event_at"] for row in events if row["subscriber_id"] == who)
        gaps = Counter(
            round((later - moment).total_seconds() / 300)
            for moment, later in itertools.pairwise(moments)
        )
        [(_, most)] = gaps.most_common(1)
        assert (most > 0.95 * len(moments)) == (what == "machine")


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ({"outages": 200}, "outages must be 0 to the number of sites"),
        ({"machines": 600, "clones": 101}, "machines and clones must be 0 or more"),
        ({"clones": -1}, "machines and clones must be 0 or more"),
    ],
)
def test_more_faults_than_there_can_be(faults, sentence):
    with pytest.raises(SynthError, match=sentence):
        replace(SMALL, **faults)


def test_others_live_and_travel_without_events(tmp_path):
    """A third of the people are subscribers, more in some areas; some leave in the second half."""
    settings = replace(SMALL, dirt=False, format="parquet", market_share=1 / 3, lost_customers=0.3)
    country = Made(settings, tmp_path)
    homes = {row["subscriber_id"]: row["area_id"] for row in country.table("home_areas")[::-1]}
    assert len(homes) == 2100
    areas = pq.read_table(next((country.landing / "areas").iterdir())).to_pylist()
    heads = Counter(homes.values())
    assert {
        row["area_id"]: row["population"] for row in areas if row["area_level"] == "admin3"
    } == {row["area_id"]: heads[row["area_id"]] for row in areas if row["area_level"] == "admin3"}
    for level in ("admin1", "admin2"):
        assert sum(row["population"] for row in areas if row["area_level"] == level) == 2100

    sims = {row["subscriber_id"]: row for row in country.table("sims")}
    assert country.report.subscribers == len(sims)
    assert 0.25 < len(sims) / len(homes) < 0.41
    upper = {row["area_id"]: row["parent_area_id"] for row in areas}
    ours = Counter(upper[homes[who]] for who in sims)
    everybody = Counter(upper[area] for area in homes.values())
    shares = [ours[area] / n for area, n in everybody.items() if n >= 50]
    assert max(shares) - min(shares) > 0.15

    stayed = sum(row["last_date"] == settings.end for row in sims.values())
    assert 0.55 < stayed / len(sims) < 0.8
    days = {(row["subscriber_id"], row["arrived_at"].date()) for row in country.table("stops")}
    assert {who for who, _ in days} == set(homes)
    events = [
        (row["subscriber_id"], row["event_at"], row["cell_id"])
        for file in country.files()
        for row in pq.read_table(country.landing / "events" / file).to_pylist()
    ]
    everybodys = {
        (row["subscriber_id"], row["event_at"], row["cell_id"])
        for row in country.table("events_of_everybody")
    }
    assert set(events) == {
        (who, at, cell)
        for who, at, cell in everybodys
        if who in sims and sims[who]["first_date"] <= at.date() <= sims[who]["last_date"]
    }


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"market_share": 0.01}, "market share must be"),
        ({"lost_customers": 0.2}, "go with a market share"),
        ({"market_share": 0.5, "machines": 1}, "goes with neither"),
        ({"market_share": 0.5, "lost_customers": 1.0}, "lost customers must be"),
    ],
)
def test_customers_that_cannot_be(wrong, sentence):
    with pytest.raises(SynthError, match=sentence):
        Settings(**wrong)


def test_gzip_header_holds_no_time(made):
    for name in made.files():
        header = (made.landing / "events" / name).read_bytes()[:10]
        assert header[4:8] == b"\0\0\0\0"


def test_files_and_report(made):
    names = made.files()
    assert "late/late_2020-02-10.csv.gz" in names
    for day in range(SMALL.days):
        assert any(f"events_{SMALL.start + timedelta(days=day)}." in name for name in names)
    assert any(".part-002." in name for name in names)
    counts = [len(made.lines(name)) - 1 for name in names]
    assert max(counts) <= SMALL.part_rows
    assert sum(counts) == made.report.rows
    expected = SMALL.subscribers * SMALL.days * SMALL.events_per_day
    assert 0.85 * expected < sum(counts) < 1.15 * expected
    for name in names:
        assert made.lines(name)[0] == ",".join(EVENT_COLUMNS)


def test_areas_nest(made):
    areas = {row["area_id"]: row for row in made.reference("areas")}
    shapes = {key: shapely.from_wkt(row["geometry"]) for key, row in areas.items()}
    levels = Counter(row["area_level"] for row in areas.values())
    assert levels == {"admin1": 5, "admin2": 20, "admin3": 80}
    assert all(shape.is_valid for shape in shapes.values())
    totals = Counter()
    for row in areas.values():
        totals[row["area_level"]] += int(row["population"])
    assert len(set(totals.values())) == 1
    assert len({(r["area_level"], r["area_name"]) for r in areas.values()}) == len(areas)
    for key, row in areas.items():
        children = [k for k, r in areas.items() if r["parent_area_id"] == key]
        assert bool(children) == (row["area_level"] != "admin3")
        assert bool(row["parent_area_id"]) == (row["area_level"] != "admin1")
        if children:
            union = shapely.union_all([shapes[k] for k in children])
            assert shapely.symmetric_difference(union, shapes[key]).area < 1e-6
            assert sum(shapes[k].area for k in children) == pytest.approx(union.area, rel=1e-6)
            assert sum(int(areas[k]["population"]) for k in children) == int(row["population"])
    finest = sorted(int(r["population"]) for r in areas.values() if r["area_level"] == "admin3")
    assert finest[0] > 0
    assert finest[-1] > 8 * finest[len(finest) // 2]


def test_cells_stand_in_their_areas(made):
    areas = {r["area_id"]: shapely.from_wkt(r["geometry"]) for r in made.reference("areas")}
    rows = made.reference("cell_sites")
    without = [r for r in rows if not r["area_id"]]
    assert len(without) == 1
    for row in rows:
        if row["area_id"]:
            point = shapely.Point(float(row["longitude"]), float(row["latitude"]))
            assert areas[row["area_id"]].covers(point)
            assert row["area_id"].startswith("A3-")
    cells = Counter(r["cell_id"] for r in rows)
    assert sorted(cells.values())[-2:] == [1, 2]
    old, new = (r for r in rows if cells[r["cell_id"]] == 2)
    assert old["valid_to"] == new["valid_from"] != ""
    assert old["valid_from"] == new["valid_to"] == ""
    assert old["area_id"] != new["area_id"]
    assert all(not r["valid_from"] for r in rows if cells[r["cell_id"]] == 1)
    assert all(r["area_id"] for r in rows if r["cell_id"] not in {w["cell_id"] for w in without})


def test_clean_events_are_clean(made, clean):
    cells = {r["cell_id"] for r in made.reference("cell_sites")}
    subscribers = {r["subscriber_id"] for r in made.table("sims")}
    assert len(subscribers) == SMALL.subscribers
    assert all(re.fullmatch(r"\+99970\d{7}", s) for s in subscribers)
    seen = set()
    for subscriber, at, cell, kind, direction, other, duration, volume in clean:
        assert subscriber in subscribers
        assert TIME.fullmatch(at)
        moment = datetime.fromisoformat(at)
        assert SMALL.start <= moment.date() <= SMALL.end
        assert cell in cells
        seen.add((subscriber, at))
        if kind == "data":
            assert (direction, other, duration) == ("", "", "")
            assert float(volume) > 0
        else:
            assert kind in ("call", "text")
            assert direction in ("in", "out")
            assert re.fullmatch(r"\+999[67]0\d{7}", other)
            assert other != subscriber
            assert volume == ""
            assert (duration != "") == (kind == "call")
    assert len(seen) == len(clean)


def test_dirty_rows_are_what_they_say(made):
    cells = {r["cell_id"] for r in made.reference("cell_sites")}
    dirty = made.dirty()
    found = Counter()
    lines = {name: made.lines(name) for name in made.files()}
    first_seen = {}
    for name in sorted(lines):
        for number, line in enumerate(lines[name][1:], start=2):
            found[name, line] += 1
            first_seen.setdefault(line, (name, number))
    for (name, number), reason in dirty.items():
        assert number >= 2
        line = lines[name][number - 1]
        fields = line.split(",")
        if reason == "malformed_row":
            assert 2 <= len(fields) <= 4
            continue
        assert len(fields) == len(EVENT_COLUMNS)
        subscriber, at, cell = fields[:3]
        if reason == "missing_subscriber":
            assert subscriber == ""
            continue
        assert subscriber
        if reason == "missing_time":
            assert at == ""
        elif reason == "unparsable_time":
            assert at
            with pytest.raises(ValueError):
                datetime.strptime(at, "%Y-%m-%d %H:%M:%S")
        elif reason == "outside_study":
            day = datetime.fromisoformat(at).date()
            assert not SMALL.start <= day <= SMALL.end
        elif reason == "missing_cell":
            assert cell == ""
        elif reason == "unknown_cell":
            assert cell
            assert cell not in cells
        else:
            assert reason == "duplicate"
            # The accepted copy comes first by file name, then by line.
            assert first_seen[line] < (name, number)
            assert first_seen[line] not in dirty
    counts = Counter(dirty.values())
    assert set(counts) == set(REASONS[1:])
    assert counts == made.report.dirty
    total = sum(len(x) - 1 for x in lines.values())
    assert all(0.0003 < count / total < 0.006 for count in counts.values())
    across = sum(
        1
        for (name, number), reason in dirty.items()
        if reason == "duplicate" and first_seen[lines[name][number - 1]][0] != name
    )
    assert across > 0


def test_late_rows_are_clean_and_of_an_earlier_day(made):
    name = "late/late_2020-02-10.csv.gz"
    days = {line.split(",")[1][:10] for line in made.lines(name)[1:]}
    assert days == {"2020-02-06"}
    assert not any(file.startswith("late/") for file, _ in made.dirty())


def test_without_dirt(tmp_path):
    made = Made(replace(SMALL, subscribers=200, days=8, dirt=False), tmp_path)
    assert made.dirty() == {}
    assert made.report.dirty == {}
    assert made.report.late_rows == 0
    assert not any("late" in name for name in made.files())
    for name in made.files():
        assert all(len(line.split(",")) == len(EVENT_COLUMNS) for line in made.lines(name))


def test_outage_is_silent(made, clean):
    down = made.table("cells_down")
    assert len(down) == 3
    cells = {row["cell_id"] for row in down}
    begins, ends = down[0]["down_from"], down[0]["down_to"]
    at = [datetime.fromisoformat(row[1]) for row in clean if row[2] in cells]
    assert not [moment for moment in at if begins <= moment < ends]
    assert [moment for moment in at if moment < begins]
    assert [moment for moment in at if moment >= ends]


def test_moved_cell_and_border_cell_have_events(made, clean):
    rows = made.reference("cell_sites")
    moved = next(r for r in rows if r["valid_to"])
    border = next(r for r in rows if not r["area_id"])
    before = [r for r in clean if r[2] == moved["cell_id"] and r[1] < moved["valid_to"]]
    after = [r for r in clean if r[2] == moved["cell_id"] and r[1] >= moved["valid_to"]]
    assert before
    assert after
    # Other people use it elsewhere: hardly anybody is seen by it on both sides.
    assert len({r[0] for r in before} & {r[0] for r in after}) < 0.5 * len({r[0] for r in before})
    assert [r for r in clean if r[2] == border["cell_id"]]


def test_lockdown_reduces_travel(made):
    km = Counter()
    for journey in made.table("journeys"):
        km[journey["departed_at"].date() >= SMALL.lockdown] += journey["distance_km"]
    days = (SMALL.lockdown - SMALL.start).days
    before, after = km[False] / days, km[True] / (SMALL.days - days)
    assert after < 0.55 * before
    what = {row["what"] for row in made.table("happenings")}
    assert what == {"lockdown", "festival", "outage", "cell_move"}


def test_festival_fills_its_area(made):
    row = next(r for r in made.table("happenings") if r["what"] == "festival")
    evening = Counter()
    for stop in made.table("stops"):
        if stop["area_id"] == row["area_id"] and stop["kind"] == "other":
            evening[stop["arrived_at"].date()] += 1
    days = [row["from"].date(), row["to"].date() - timedelta(days=1)]
    usual = [evening[SMALL.start + timedelta(days=d)] for d in range(4)]
    assert min(evening[day] for day in days) > 3 * (1 + max(usual))


def test_stops_and_journeys_tile_the_life_of_a_sim(made):
    midnight = datetime.min.time()
    spans = {
        r["subscriber_id"]: (
            datetime.combine(r["first_date"], midnight),
            datetime.combine(r["last_date"] + timedelta(days=1), midnight),
        )
        for r in made.table("sims")
    }
    areas = {r["area_id"]: shapely.from_wkt(r["geometry"]) for r in made.reference("areas")}
    lives = {subscriber: [] for subscriber in spans}
    stops = made.table("stops")
    for stop in stops:
        lives[stop["subscriber_id"]].append((stop["arrived_at"], stop["left_at"], "stop", stop))
    for way in made.table("journeys"):
        lives[way["subscriber_id"]].append((way["departed_at"], way["arrived_at"], "journey", way))
    for subscriber, (begins, ends) in spans.items():
        life = sorted(lives[subscriber], key=lambda part: part[:3])
        assert life[0][0] == begins
        assert life[-1][1] == ends
        assert life[0][2] == life[-1][2] == "stop"
        for one, two in itertools.pairwise(life):
            assert one[0] < one[1] == two[0] < two[1]
            assert one[2] != two[2]
            if two[2] == "journey":
                assert two[3]["from_area_id"] == one[3]["area_id"]
            else:
                assert one[3]["to_area_id"] == two[3]["area_id"]
    # Nights at home are one stop each, not two.
    assert sum(s["arrived_at"].date() < s["left_at"].date() for s in stops) > len(stops) / 4
    for stop in stops[::97]:
        assert areas[stop["area_id"]].covers(shapely.Point(stop["longitude"], stop["latitude"]))
    assert {s["kind"] for s in stops} == {"home", "work", "other", "trip"}


def test_homes(made):
    homes = made.table("home_areas")
    by_subscriber = {}
    for home in homes:
        by_subscriber.setdefault(home["subscriber_id"], []).append(home)
    sims = {r["subscriber_id"]: r for r in made.table("sims")}
    assert set(by_subscriber) == set(sims)
    movers = 0
    at_home = {}
    for subscriber, rows in by_subscriber.items():
        rows.sort(key=lambda row: row["date_from"])
        assert rows[0]["date_from"] == sims[subscriber]["first_date"]
        assert rows[-1]["date_to"] == sims[subscriber]["last_date"]
        for one, two in itertools.pairwise(rows):
            assert one["date_to"] + timedelta(days=1) == two["date_from"]
            assert one["area_id"] != two["area_id"]
        movers += len(rows) - 1
        at_home[subscriber] = rows
    assert 0.01 < movers / SMALL.subscribers < 0.05
    for stop in made.table("stops"):
        if stop["kind"] == "home":
            evening = (stop["left_at"] - timedelta(seconds=1)).date()
            night = max(stop["arrived_at"].date(), min(evening, SMALL.end))
            valid = [
                home["area_id"]
                for home in at_home[stop["subscriber_id"]]
                if home["date_from"] <= night and stop["arrived_at"].date() <= home["date_to"]
            ]
            assert stop["area_id"] in valid


def test_sims_appear_and_vanish(made, clean):
    sims = {r["subscriber_id"]: (r["first_date"], r["last_date"]) for r in made.table("sims")}
    late = [s for s, (first, _) in sims.items() if first > SMALL.start]
    gone = [s for s, (_, last) in sims.items() if last < SMALL.end]
    assert 0.01 < len(late) / len(sims) < 0.06
    assert 0.01 < len(gone) / len(sims) < 0.06
    for row in clean:
        first, last = sims[row[0]]
        assert str(first) <= row[1][:10] <= str(last)


def test_activity_has_a_heavy_tail(clean):
    counts = np.sort(np.array(list(Counter(row[0] for row in clean).values())))
    assert counts[-len(counts) // 10 :].sum() > 0.3 * counts.sum()
    assert counts[-1] > 6 * np.median(counts)


def test_contacts_repeat(clean):
    calls = Counter((row[0], row[5]) for row in clean if row[5])
    partners = Counter(pair[0] for pair in calls)
    assert max(partners.values()) <= 15
    favourite = max(calls.values())
    assert favourite > 20
    known = {row[0] for row in clean}
    on_net = sum(count for (_, other), count in calls.items() if other in known)
    assert 0.7 < on_net / sum(calls.values()) < 0.95


def test_towns_have_more_sites(made):
    areas = [r for r in made.reference("areas") if r["area_level"] == "admin3"]
    sites = {(r["site_id"], r["area_id"]) for r in made.reference("cell_sites")}
    count = Counter(area for _, area in sites)
    size = {r["area_id"]: shapely.from_wkt(r["geometry"]).area for r in areas}
    density = {r["area_id"]: count[r["area_id"]] / size[r["area_id"]] for r in areas}
    ranked = sorted(areas, key=lambda r: int(r["population"]) / size[r["area_id"]])
    rural = [density[r["area_id"]] for r in ranked[:30]]
    urban = [density[r["area_id"]] for r in ranked[-10:]]
    assert np.mean(urban) > 5 * np.mean(rural)


def test_parquet(tmp_path, made):
    parquet = Made(replace(SMALL, format="parquet", subscribers=300, days=8), tmp_path)
    dirty = parquet.dirty()
    assert "unparsable_time" not in dirty.values()
    assert "malformed_row" not in dirty.values()
    counts = Counter()
    rows = 0
    accepted = set()
    cells = pq.read_table(parquet.landing / "cell_sites" / "cell_sites.parquet").to_pylist()
    known = {row["cell_id"] for row in cells}
    end = parquet.settings.end
    for name in parquet.files():
        file = pq.ParquetFile(parquet.landing / "events" / name)
        types = [str(field.type) for field in file.schema_arrow]
        assert types == [
            *("string", "timestamp[us]", "string", "string", "string", "string"),
            *("int32", "double"),
        ]
        table = file.read().to_pylist()
        rows += len(table)
        for number, row in enumerate(table, start=1):
            reason = dirty.get((name, number))
            counts[reason] += 1
            if reason == "duplicate":
                assert tuple(row.values()) in accepted
            elif reason is None:
                assert tuple(row.values()) not in accepted
                accepted.add(tuple(row.values()))
            assert (not row["subscriber_id"]) == (reason == "missing_subscriber")
            assert (row["event_at"] is None) == (reason == "missing_time")
            assert (not row["cell_id"]) == (reason == "missing_cell")
            if reason == "outside_study":
                assert not SMALL.start <= row["event_at"].date() <= end
            elif row["event_at"]:
                assert SMALL.start <= row["event_at"].date() <= end
            if row["cell_id"]:
                assert (row["cell_id"] not in known) == (reason == "unknown_cell")
            assert (row["direction"] is None) == (row["event_type"] == "data")
            assert (row["counterpart_id"] is None) == (row["event_type"] == "data")
            assert (row["duration_s"] is None) == (row["event_type"] != "call")
            assert (row["volume_mb"] is None) == (row["event_type"] != "data")
    del counts[None]
    assert counts == parquet.report.dirty
    assert rows == parquet.report.rows
    moved = next(row for row in cells if row["valid_to"])
    assert isinstance(moved["valid_to"], datetime)
    areas = pq.read_table(parquet.landing / "areas" / "areas.parquet").to_pylist()
    assert sum(r["population"] for r in areas if r["area_level"] == "admin2") == 2_000_000
    assert made.report.cells == parquet.report.cells


@pytest.mark.parametrize(
    "settings",
    [
        Settings(subscribers=10, days=1, seed=1),
        Settings(subscribers=50, days=2, seed=0, lockdown=None, areas=(1, 1, 1), sites=5),
        Settings(subscribers=60, days=3, seed=2, lockdown=date(2020, 1, 1), areas=(2, 4, 9)),
        Settings(subscribers=40, days=5, seed=3, start=date(2019, 12, 29), sites=400),
    ],
)
def test_unusual_sizes(tmp_path, settings):
    made = Made(settings, tmp_path)
    assert made.report.subscribers == settings.subscribers
    assert made.report.rows > 0
    levels = Counter(row["area_level"] for row in made.reference("areas"))
    assert tuple(levels.values()) == settings.areas


@pytest.mark.parametrize(
    "seed", [5, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 11))]
)
def test_country_of_any_seed(seed):
    from throng.synth.country import build_country
    from throng.synth.network import build_network

    settings = replace(SMALL, seed=seed)
    country = build_country(settings)
    assert [len(level.ids) for level in country.levels] == [5, 20, 80]
    assert all(len(set(level.ids)) == len(level.ids) for level in country.levels)
    assert all(level.population.min() > 0 for level in country.levels)
    network = build_network(settings, country)
    assert {row.area for row in network.rows} == set(range(-1, 80))


def run(*arguments, env=None):
    app = typer.Typer()
    app.command("synth")(synth)
    return CliRunner().invoke(app, list(arguments), env=env)


OPTIONS = ("--subscribers", "60", "--days", "3", "--seed", "5")


def test_command_makes_reuses_and_refuses(tmp_path):
    folders = ("--landing", str(tmp_path / "l"), "--truth", str(tmp_path / "t"))
    first = run(*folders, *OPTIONS)
    assert first.exit_code == 0
    assert "events/s" in first.output
    before = hashes(tmp_path)
    again = run(*folders, *OPTIONS)
    assert again.exit_code == 0
    assert "lready there, reused" in again.output
    assert hashes(tmp_path) == before

    other = run(*folders, "--subscribers", "61", "--days", "3")
    assert other.exit_code == 1
    assert "--force" in other.output
    assert "Traceback" not in other.output
    assert hashes(tmp_path) == before

    forced = run(*folders, "--subscribers", "61", "--days", "2", "--force")
    assert forced.exit_code == 0
    names = [p.name for p in (tmp_path / "l" / "events").iterdir()]
    assert len([n for n in names if n.startswith("events_")]) == 2
    assert json.loads((tmp_path / "t" / "synth.json").read_text())["settings"]["subscribers"] == 61
    assert sorted(p.name for p in tmp_path.iterdir()) == ["l", "t"]


def test_foreign_files_are_never_touched(tmp_path):
    foreign = tmp_path / "l" / "events" / "real.csv"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / ".gitkeep").write_text("")
    folders = ("--landing", str(tmp_path / "l"), "--truth", str(tmp_path / "t"))
    for extra in ((), ("--force",)):
        result = run(*folders, *OPTIONS, *extra)
        assert result.exit_code == 1
        assert result.output.count("\n") == 1
        assert foreign.read_text() == "mine"
        assert sorted(p.name for p in tmp_path.rglob("*")) == [
            ".gitkeep",
            "events",
            "l",
            "real.csv",
            "t",
        ]
    foreign.unlink()
    assert run(*folders, *OPTIONS).exit_code == 0
    assert (tmp_path / "t" / ".gitkeep").exists()


def test_a_manifest_says_nothing_about_another_folder(tmp_path):
    truth = ("--truth", str(tmp_path / "t"))
    assert run("--landing", str(tmp_path / "l"), *truth, *OPTIONS).exit_code == 0
    real = tmp_path / "other" / "areas" / "areas.csv"
    real.parent.mkdir(parents=True)
    real.write_text("mine")
    result = run("--landing", str(tmp_path / "other"), *truth, *OPTIONS, "--force")
    assert result.exit_code == 1
    assert real.read_text() == "mine"


def test_a_missing_or_changed_file_is_not_reused(tmp_path):
    made = Made(replace(SMALL, subscribers=40, days=2), tmp_path)
    victim = made.landing / "events" / made.files()[0]
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(SynthError, match="--force"):
        generate(made.settings, made.landing, made.truth)
    report = generate(made.settings, made.landing, made.truth, force=True)
    assert not report.reused
    assert generate(made.settings, made.landing, made.truth).reused


def test_a_killed_run_leaves_nothing_half(tmp_path, monkeypatch):
    landing, truth = tmp_path / "landing", tmp_path / "truth"

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(replace(SMALL, subscribers=40, days=2), landing, truth, stop)
    assert list(tmp_path.iterdir()) == []

    # Killed without a chance to clean up: a child that dies in the middle of the work.
    child = os.fork()
    if child == 0:
        generate(replace(SMALL, subscribers=40, days=2), landing, truth, lambda line: os._exit(9))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not landing.exists()
    assert not truth.exists()
    assert list(tmp_path.iterdir()) != []
    generate(replace(SMALL, subscribers=40, days=2), landing, truth)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["landing", "truth"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--subscribers", "3"),
        ("--days", "0"),
        ("--start", "yesterday"),
        ("--lockdown", "2020-13-01"),
        ("--format", "xlsx"),
        ("--events-per-day", "0"),
        ("--seed", "-1"),
    ],
)
def test_mistakes_get_one_sentence(tmp_path, arguments):
    folders = ("--landing", str(tmp_path / "l"), "--truth", str(tmp_path / "t"))
    result = run(*folders, *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_a_cluster_is_refused(tmp_path):
    env = {"THRONG_LANDING": "s3a://bucket/landing"}
    result = run("--truth", str(tmp_path / "t"), *OPTIONS, env=env)
    assert result.exit_code == 1
    assert "on this machine" in result.output


def test_folders_must_not_lie_in_each_other(tmp_path):
    with pytest.raises(SynthError, match="must not lie in each other"):
        generate(SMALL, Path(tmp_path), Path(tmp_path / "truth"))


def test_landing_folder_from_the_environment(tmp_path):
    result = run(
        *("--truth", str(tmp_path / "t"), *OPTIONS, "--no-dirt", "--lockdown", "none"),
        env={"THRONG_LANDING": str(tmp_path / "elsewhere")},
    )
    assert result.exit_code == 0
    assert (tmp_path / "elsewhere" / "areas" / "areas.csv").exists()
