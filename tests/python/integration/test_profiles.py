"""Subscriber profiles against bandicoot itself: every indicator, every split, every subscriber."""

from __future__ import annotations

import csv
import random
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from tests.python.conftest import PROJECT, run_throng
from tests.python.support import bandicoot_reference as reference
from tests.python.support.tables import copy_of
from throng.synth.generator import generate
from throng.synth.settings import Settings

# Bandicoot takes long for each subscriber.
pytestmark = pytest.mark.long

DEMO = PROJECT.parent / "shared" / "data" / "bandicoot_demo"
TOGO = PROJECT.parent / "shared" / "data" / "togo" / "recharges.csv"
WHO = "subscriber_id"
#: Of the people of the edges, those who never top up.
QUIET = {"edge 7", "only data"}
# The people of bandicoot's demo live years before the others: without a window they would be clocks
# that were wrong.
FEEDS = {"feeds": ["recharges"], "study_start": "2010-01-01", "study_end": "2020-12-31"}
#: Of them there are recharges and not one event.
ONLY_RECHARGES = [f"only recharges {number}" for number in range(20)]
COLUMNS = [
    WHO,
    "event_at",
    "cell_id",
    "event_type",
    "direction",
    "counterpart_id",
    "duration_s",
]
#: One for each reason but outside_study (the whole feed is the study) and duplicate.
BAD_RECHARGES = """edge 1,2020-01-06 10:00:00
,2020-01-06 10:00:00,5
edge 1,,5
edge 1,+999701234567,5
edge 1,2020-01-06 10:00:00,
edge 1,2020-01-06 10:00:00,999701234567
"""
#: Instants at which something begins or ends.
EDGES = ["00:00:00", "06:59:59", "07:00:00", "07:00:01", "18:59:59", "19:00:00", "23:59:59"]


def edge_events(cells: list[str]) -> list[tuple]:
    """Forty people who answer each other at once, late, never, and over New Year, which is in week
    1 of 2020 from 30 December on."""
    chance = random.Random(20191230)
    unplaced = random.Random(20191231)
    people = [f"edge {number}" for number in range(40)]
    rows = []

    def add(who: str, moment: datetime, other: str, kind: str, way: str, seconds="") -> None:
        place = cells[(people.index(who) + chance.choice([0, 0, 0, 1, 2])) % len(cells)]
        place = place if unplaced.random() < 0.9 else unplaced.choice(["", "0", "\\N"])
        rows.append((who, str(moment), place, kind, way, other, seconds))

    for number, who in enumerate(people):
        circle = people[number // 8 * 8 :][:8]
        for _ in range(60):
            day = datetime(2019, 12, 16) + timedelta(days=chance.randrange(30))
            moment = day + timedelta(seconds=chance.randrange(86400))
            if chance.random() < 0.3:
                moment = datetime.fromisoformat(f"{day:%Y-%m-%d} {chance.choice(EDGES)}")
            other = chance.choice([*circle, "shop", "bank"])
            for _ in range(chance.choice([1, 1, 2, 4, 6])):
                way = chance.choice(["in", "out"])
                kind = chance.choice(["call", "text", "text", "text"])
                seconds = str(chance.choice([0, 1, 30, 600])) if kind == "call" else ""
                add(who, moment, other, kind, way, seconds)
                if other in people and other != who:
                    back = {"in": "out", "out": "in"}[way]
                    add(other, moment, who, kind, back, seconds)
                moment += timedelta(seconds=chance.choice([0, 1, 60, 1800, 3599, 3600, 3601]))
        for _ in range(5):
            moment = datetime(2020, 1, 6) + timedelta(seconds=chance.randrange(604800))
            add(who, moment, "", "data", "", "")
        # What bandicoot ignores as it reads.
        add(who, moment, "shop", "call", "out", "")
        add(who, moment, "", "text", "in", "")
        add(who, moment, "shop", "text", "", "")
    rows.append(("only data", "2020-01-06 12:00:00", cells[0], "data", "", "", ""))
    rows.append(("one call", "2020-01-06 12:00:00", cells[0], "call", "out", "shop", "0"))
    return rows


def demo_events() -> list[tuple]:
    rows = []
    for who in ("ego", "A"):
        with (DEMO / f"{who}.csv").open() as file:
            rows += [
                (
                    who,
                    line["datetime"],
                    f"demo {line['antenna_id']}",
                    line["interaction"],
                    line["direction"],
                    line["correspondent_id"],
                    line["call_duration"],
                )
                for line in csv.DictReader(file)
            ]
    return rows


def edge_recharges(people: list[str]) -> list[tuple]:
    """Recharges: once, twice in a second, at the edges of a day, over New Year, of nothing."""
    chance = random.Random(20200101)
    rows = []
    for number, who in enumerate(people):
        first = datetime(2019, 12, 23) if number % 4 else datetime(2020, 1, 27)
        days = chance.choice([1, 7, 24])
        for _ in range(chance.choice([1, 2, 6, 15, 30])):
            day = first + timedelta(days=chance.randrange(days))
            moment = day + timedelta(seconds=chance.randrange(86400))
            if chance.random() < 0.3:
                moment = datetime.fromisoformat(f"{day:%Y-%m-%d} {chance.choice(EDGES)}")
            # Quarters, which a float holds as they are: bandicoot's sums are of floats.
            amount = chance.choice([0, 0.25, 1, 1, 1, 2.5, 5, 10, 100])
            rows.append((who, str(moment), str(amount)))
            if chance.random() < 0.1:
                rows.append((who, str(moment), str(amount + 1)))
    rows = list(dict.fromkeys(rows))
    chance.shuffle(rows)
    return rows


def togo_recharges() -> list[tuple]:
    """A tenth of another country's, of people who do nothing but top up."""
    with TOGO.open() as file:
        return [
            (f"togo {line['caller_id']}", line["timestamp"], line["amount"])
            for line in csv.DictReader(file)
            if line["caller_id"].endswith("0")
        ]


def write_recharges(folder: Path, people: list[str]) -> None:
    header = "subscriber_id,recharge_at,amount\n"
    rows = edge_recharges(people)
    lines = [",".join(row) + "\n" for row in rows]
    folder.mkdir()
    (folder / "february.csv").write_text(header + "".join(lines[::2]))
    (folder / "late").mkdir()
    (folder / "late" / "more.csv").write_text(
        header + "".join(lines[1::2]) + "".join(lines[:5]) + BAD_RECHARGES
    )
    alone = [",".join(row) + "\n" for row in edge_recharges(ONLY_RECHARGES)]
    (folder / "of no caller.csv").write_text(header + "".join(alone))
    if TOGO.exists():
        togo = [",".join(row) + "\n" for row in togo_recharges()]
        (folder / "togo.csv").write_text(header + "".join(togo))


def write_events(path: Path, rows: list[tuple]) -> None:
    pd.DataFrame(rows, columns=COLUMNS).assign(volume_mb="").to_csv(path, index=False)


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """A synthetic country of 200 subscribers, with the people of the edges and of the demo."""
    folder = tmp_path_factory.mktemp("profiles")
    settings = Settings(
        subscribers=200,
        start=date(2020, 1, 27),
        days=21,
        events_per_day=8,
        lockdown=None,
        dirt=False,
    )
    generate(settings, folder / "landing", folder / "truth")
    path = folder / "landing" / "cell_sites" / "cell_sites.csv"
    cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    still = cells[(cells["valid_from"] == "") & (cells["valid_to"] == "")]
    events = folder / "landing" / "events"
    write_events(events / "edges.csv", edge_events(list(still["cell_id"][:7])))
    if DEMO.exists():
        write_events(events / "demo.csv", demo_events())
        antennas = pd.read_csv(DEMO / "antennas.csv", dtype=str)
        antennas = antennas.assign(
            cell_id="demo " + antennas["antenna_id"], area_id=cells["area_id"].iloc[0]
        )
        cells = pd.concat([cells, antennas[["cell_id", "longitude", "latitude", "area_id"]]])
        cells.to_csv(path, index=False)
    people = {who for path in events.rglob("*.csv*") for who in pd.read_csv(path, dtype=str)[WHO]}
    write_recharges(folder / "landing" / "recharges", sorted(people - {"ego", "A"} - QUIET))
    return folder / "landing"


def recharges_read(landing: Path) -> dict[str, set[reference.Recharge]]:
    """Recharges by subscriber, each once."""
    found: dict[str, set[reference.Recharge]] = {}
    for path in (landing / "recharges").rglob("*.csv"):
        for row in csv.DictReader(path.read_text().replace(BAD_RECHARGES, "").splitlines()):
            recharge = reference.Recharge(
                datetime.fromisoformat(row["recharge_at"]), float(row["amount"])
            )
            found.setdefault(row["subscriber_id"], set()).add(recharge)
    return found


@pytest.fixture(scope="module")
def users(landing):
    """Every subscriber as bandicoot reads the files; those with events of no known cell again with
    those of a known one; and those of a cell that was moved again with a name for each of its
    places: bandicoot knows one place of an antenna."""
    files = sorted((landing / "events").rglob("*.csv*"))
    events = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in files])
    # No cell is no cell, however it is written: else two copies of an event would be two events.
    events["cell_id"] = events["cell_id"].replace({"0": "", "\\N": ""})
    events = events.drop_duplicates()
    cells = pd.read_csv(landing / "cell_sites" / "cell_sites.csv", dtype=str, keep_default_na=False)
    versions: dict[str, list] = {}
    for row in cells.itertuples():
        place = (float(row.latitude), float(row.longitude))
        versions.setdefault(row.cell_id, []).append(
            (row.valid_from or "0001", row.valid_to or "9999", place)
        )
    antennas = {cell: found[0][2] for cell, found in versions.items()}
    places = {
        f"{cell} from {start}": place
        for cell, found in versions.items()
        for start, _, place in found
    }

    def placed(cell: str, moment: str) -> str:
        [start] = [start for start, end, _ in versions[cell] if start <= moment < end]
        return f"{cell} from {start}"

    def event(row, cell: str) -> reference.Event:
        is_talk = row.event_type in ("call", "text")
        return reference.Event(
            datetime.fromisoformat(row.event_at),
            cell if row.cell_id in versions else None,
            row.event_type if is_talk else None,
            (row.direction or None) if is_talk else None,
            (row.counterpart_id or None) if is_talk else None,
            float(row.duration_s) if row.event_type == "call" and row.duration_s else None,
        )

    made, made_located, made_placed = {}, {}, {}
    topped_up = recharges_read(landing)
    for who, rows in events.groupby("subscriber_id"):
        rows = list(rows.itertuples())
        made[who] = reference.user_of(
            who, [event(row, row.cell_id) for row in rows], antennas, topped_up.pop(who, ())
        )
        located = [row for row in rows if row.cell_id in versions]
        if len(located) < len(rows):
            made_located[who] = reference.user_of(
                who, [event(row, row.cell_id) for row in located], antennas
            )
        if any(len(versions[row.cell_id]) > 1 for row in located):
            made_placed[who] = reference.user_of(
                who, [event(row, placed(row.cell_id, row.event_at)) for row in located], places
            )
    for who, recharges in topped_up.items():
        made[who] = reference.user_of(who, [], antennas, recharges)
    for user in made.values():
        others = {record.correspondent_id for record in user.records} - {None}
        user.network = {other: made.get(other) for other in sorted(others)}
    return made, made_located, made_placed


@pytest.fixture(scope="module")
def expected(server, built, users):
    frames = []
    made, made_located, made_placed = users
    places = [*reference.SPATIAL, "churn_rate"]
    for who, user in made.items():
        frame = reference.profile(user)
        for others, indicators in [(made_located, places), (made_placed, ["radius_of_gyration"])]:
            if who in others:
                of_others = reference.profile(others[who])
                of_others = of_others[of_others["indicator"].isin(indicators)]
                frame = pd.concat([frame[~frame["indicator"].isin(indicators)], of_others])
        frames.append(frame.assign(subscriber_id=server.pseudonym(who)))
    frame = pd.concat(frames)
    frame["value"] = frame["value"].astype(float)
    return frame


@pytest.fixture(scope="module")
def built(server, landing):
    select = ["--select", "+int_subscriber_profiles", "rejected_recharges"]
    server.build_untested(landing, *select, **FEEDS)


@pytest.fixture(scope="module")
def compared(server, built, expected):
    found = pd.read_parquet(copy_of(server, "int_subscriber_profiles"))
    keys = ["subscriber_id", *reference.KEYS]
    both = expected.merge(
        found.drop(columns="key_id"),
        on=keys,
        how="outer",
        suffixes=("_bandicoot", "_ours"),
        indicator=True,
        validate="one_to_one",
    )
    assert len(both) > 300_000
    return both


def differing(rows: pd.DataFrame) -> pd.DataFrame:
    ours, theirs = rows["value_ours"], rows["value_bandicoot"]
    is_far = (ours - theirs).abs() > 1e-9 * theirs.abs() + 1e-11  # or the rounding of what is 0
    return rows[is_far | (ours.isna() != theirs.isna())]


def test_the_tests_of_the_models(server, built, landing):
    # Of what `built` has built: the folder has the segments too.
    profiles = "+int_subscriber_profiles,path:models/intermediate/phone_use"
    about = [profiles, "int_recharges_checked", "rejected_recharges"]
    done = server.dbt("test", "--select", *about, landing=landing, **FEEDS)
    assert done.returncode == 0, done.stdout
    for name in (
        "assert_every_recharge_is_accounted_for",
        "assert_one_key_per_profile",
        "assert_one_profile_per_subscriber",
    ):
        assert f"PASS {name}" in done.stdout


def test_there_are_all_indicators_and_splits(server, compared):
    """1431 with splits, churn_rate twice; 2 of the network of those who have one; 162 with splits
    and average_balance_recharges of those who top up."""
    assert compared["_merge"].ne("right_only").all(), "a row that bandicoot has not"
    alone, network, recharges = 1433, 2, 163
    per_subscriber = compared.groupby("subscriber_id").size()
    named = {
        "only data": alone,
        "edge 7": alone + network,
        **dict.fromkeys(ONLY_RECHARGES, alone + recharges),
    }
    assert {who: per_subscriber[server.pseudonym(who)] for who in named} == named
    assert set(per_subscriber) == {*named.values(), alone + network + recharges}
    assert (per_subscriber == alone + network + recharges).sum() >= 240
    assert compared["indicator"].nunique() == 30


def test_without_a_row_bandicoot_has_nothing(compared):
    missing = compared[compared["_merge"] == "left_only"]
    assert missing["value_bandicoot"].isna().all()


def test_every_number_is_bandicoots(compared):
    wrong = differing(compared)
    assert wrong.empty, wrong.head(20).to_string()
    assert compared["value_ours"].notna().sum() > 250_000


def test_every_indicator_says_something(compared):
    """Numbers that are all 0 or null would agree by chance."""
    told = compared[compared["value_bandicoot"].fillna(0) != 0]
    assert (told.groupby(["groupby", "indicator", "statistic"]).size() >= 20).all()
    assert set(told["indicator"]) == set(compared["indicator"])


def test_the_demo_of_bandicoot(server, compared):
    if not DEMO.exists():
        pytest.skip(f"NOT COMPARED: the demo of bandicoot is not there ({DEMO.name})")
    for who in ("ego", "A"):
        rows = compared[compared["subscriber_id"] == server.pseudonym(who)]
        assert len(rows) == 1435
        assert differing(rows).empty


def assert_only_recharges(server, compared, people: set[str]) -> None:
    """Of these people there are indicators of recharges and nothing else, here and there."""
    rows = compared[compared["subscriber_id"].isin({server.pseudonym(who) for who in people})]
    assert rows["subscriber_id"].nunique() == len(people)
    told = rows[rows["value_ours"].notna()]
    assert set(told["indicator"]) == {*reference.RECHARGE, "average_balance_recharges"}
    assert differing(rows).empty


def test_people_who_only_recharge(server, compared):
    assert_only_recharges(server, compared, set(ONLY_RECHARGES))


def test_people_of_togo_who_only_recharge(server, compared):
    if not TOGO.exists():
        pytest.skip(f"NOT COMPARED: the recharges of Togo are not there ({TOGO.name})")
    people = {who for who, *_ in togo_recharges()}
    assert len(people) >= 50
    assert_only_recharges(server, compared, people)


def test_without_recharges_there_are_no_rows_of_them(server, compared):
    rows = compared[compared["subscriber_id"].isin({server.pseudonym(who) for who in QUIET})]
    assert rows["subscriber_id"].nunique() == len(QUIET)
    assert not rows["indicator"].str.contains("recharges").any()


def test_recharges_that_are_refused_are_counted(server, built):
    rejected = server.query(
        "select reject_reason, rejected_value, count(*) from protected.rejected_recharges "
        "where source_file = 'late/more.csv' group by all"
    )
    assert set(rejected) == {
        ("malformed_row", None, 1),
        ("missing_subscriber", None, 1),
        ("missing_time", None, 1),
        ("unparsable_time", "+999999999999", 1),
        ("missing_amount", None, 1),
        ("invalid_amount", "999999999999", 1),
        ("duplicate", None, 5),
    }
    summary = run_throng("summary", env=server.env).stdout
    assert "Recharges in" in summary
    assert re.search(
        r"  rejected +\d+ .*\n    duplicate +\d+\n    invalid_amount +1\n    malformed_row +1\n"
        r"    other +\d+   \(\d reasons",
        summary,
    )


def test_a_difference_would_be_seen(compared):
    rows = compared[compared["value_ours"] >= 1].head(100)  # smaller ones may differ by rounding
    assert differing(rows).empty
    assert len(differing(rows.assign(value_ours=rows["value_ours"] * (1 + 2e-9)))) == 100
