"""From the synthetic country to what readers see, held against the country's own truth.

The tests of this module are one story and run in this order: what is built is compared, attacked,
published, exported, too old, and withdrawn. The other ways that a release can go are in
test_release.py.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import gzip
import io
import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from tests.python.conftest import PROJECT, run_throng
from tests.python.support import dashboards, listeners, need, phone_use, quality, worksheets
from tests.python.support.browser import browser
from tests.python.support.marts import ALL_MARTS
from tests.python.support.synthetic_country import DAYS, FIRST, LAST, throng
from tests.python.support.tables import assert_same, copy_of, fingerprint, table
from throng.serve.roles import add_user
from throng.server.processes import free_port
from throng.superset.dashboards import DASHBOARDS
from throng.worksheets import names, worksheet

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def server(country_server):
    """Not the server of all tests: what is published would stay in its warehouse."""
    return country_server


def test_every_dirty_row_is_rejected_for_its_reason(server, country):
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    expected = dirty.groupby(["file", "reason"]).size().to_dict()
    actual = server.query(
        "select source_file, reject_reason, count(*) from protected.rejected_events group by all"
        " union all "
        "select source_file, unplaced_reason, sum(n_events) from protected.unplaced_events "
        "group by all"
    )
    assert {(file, reason): rows for file, reason, rows in actual} == expected
    assert len({reason for _, reason in expected}) == 8


def test_homes_are_found(server, country):
    """Of those who stayed at one home, four in five get that area: phones are silent at night."""
    truth = pd.read_parquet(country / "truth" / "home_areas.parquet")
    truth = truth.groupby("subscriber_id").filter(lambda homes: len(homes) == 1)
    pseudonyms = {
        server.pseudonym(subscriber): area
        for subscriber, area in zip(truth["subscriber_id"], truth["area_id"], strict=True)
    }
    found = server.query(
        "select subscriber_id, home_area_id from protected.int_home_areas "
        "where period = 'study' and area_level = 'admin3'"
    )
    known = [(pseudonyms[who], area) for who, area in found if who in pseudonyms]
    right = sum(true == area for true, area in known)
    assert len(known) > 1000
    assert right / len(known) > 0.8, f"{right} of {len(known)} homes"


def test_the_summary_is_right(server, country):
    done = run_throng("summary", env=server.env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()

    def number(label: str) -> int:
        [line] = [line for line in lines if line.strip().startswith(label)]
        return int(line.strip()[len(label) :].split()[0].replace(",", ""))

    [(rows,)] = server.query("select count(*) from landing.events")
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    assert "Period covered      2020-02-03 to 2020-02-16" in lines
    assert number("Events in") == rows
    is_unplaced = dirty["reason"].isin(["missing_cell", "unknown_cell"])
    assert number("without a place") == is_unplaced.sum()
    dirty = dirty[~is_unplaced]
    assert number("rejected") == len(dirty)
    assert number("accepted") == rows - len(dirty)
    reasons = dirty.groupby("reason").size().sort_values(ascending=False, kind="stable")
    shown = [line.split()[0] for line in lines if line.startswith("    ")]
    assert shown == [*reasons.index[:3], "other"]
    for reason in shown[:3]:
        assert number(reason) == reasons[reason]
    assert number("other") == reasons[3:].sum()
    assert f"({len(reasons) - 3} reasons" in done.stdout

    def counted(number: str, table: str) -> dict[str, int]:
        parts = (f"select '{mart}', {number} from {table}{mart}" for mart in ALL_MARTS)
        return dict(server.query(" union all ".join(parts)))

    cells = counted("count(*)", "protected.candidate_")
    publishable = counted("count_if(not is_suppressed)", "protected.release_")
    for mart in ALL_MARTS:
        [(seen, withheld)] = re.findall(rf"\b{mart} +([\d,]+) +([\d.]+%)", done.stdout)
        assert seen == "0"
        assert withheld == f"{1 - publishable[mart] / cells[mart]:.1%}"
    small = sum(counted("count_if(n_subscribers < 16)", "protected.candidate_").values())
    n_cells = sum(cells.values())
    assert f"Readers see 0 of {n_cells:,} table cells with people." in lines
    assert f"{small / n_cells:.1%} have fewer than 16 people, " in done.stdout
    assert "Nothing is published: throng release audit" in done.stdout
    # One screen, and no colour in a file.
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.stdout
    assert re.search(
        r"(?m)^Quality +.+ unusual day.*, .+ of cells down, .+ suspicious subscriber", done.stdout
    )
    n_areas = len(pd.read_csv(country / "landing" / "areas" / "areas.csv"))
    # Rain of 14 days, of a week, and twelve rows of which one is not used for each reason.
    assert number("Context in") == 14 * n_areas + 12
    assert re.search(r"(?m)^Context in .+\(11 rejected, see ", done.stdout)
    [(unlisted,)] = server.query("select count(*) from protected.cell_quality where not is_listed")
    assert re.search(rf"(?m)^Use of cells +{unlisted} not in the list, .+, 1 moved", done.stdout)
    assert "throng beeline -e" in done.stdout
    assert "hive.connect" in done.stdout
    assert "make docs" in done.stdout


@pytest.fixture(scope="module")
def tables(server, country):
    names = ["int_home_areas", "int_events_checked", "int_cell_site_versions"]
    folder = server.warehouse / "tables" / "protected.db"
    profiles = copy_of(server, "int_subscriber_profiles")
    return phone_use.Tables(
        {name: folder / name for name in names} | {"int_subscriber_profiles": profiles}
    )


#: Located events with the site that served them, and the places of cells.
PLACED = """
select events.*, cells.longitude, cells.latitude
from protected.int_events_checked as events
inner join protected.int_cell_site_versions as cells
    on events.cell_id = cells.cell_id
    and events.event_at >= cells.valid_from and events.event_at < cells.valid_to
where events.event_date is not null and events.area_id is not null
"""
CELLS = """
select cell_id as place_id,
    case when valid_from > '0002-01-01' then valid_from end as valid_from,
    case when valid_to < '9999-01-01' then valid_to end as valid_to
from protected.int_cell_site_versions
"""


def test_cells_that_were_down_are_found(server, country, tables):
    """As a second calculation finds them; of the truth all that cells in use can show."""
    events, places = tables.frame(PLACED), tables.frame(CELLS)
    expected = quality.outages(events.rename(columns={"cell_id": "place_id"}), places, FIRST, LAST)
    names = "silent_from, silent_until, n_silent_hours, n_active_hours, surprise"
    rows = server.query(
        f"select place_id, event_date, {names} from protected.cell_outages "
        "where place_level = 'cell'"
    )
    found = {(cell, date.fromisoformat(day)): row for cell, day, *row in rows}
    assert found.keys() == expected.keys()
    for key, (*counted, surprise) in found.items():
        outage = expected[key]
        assert list(map(pd.Timestamp, counted[:2])) == [outage.silent_from, outage.silent_until]
        assert counted[2:] == [outage.n_silent_hours, outage.n_active_hours]
        assert surprise == pytest.approx(outage.surprise, abs=0.0051)
    truth = pd.read_parquet(country / "truth" / "cells_down.parquet")
    down = quality.true_outages(truth, FIRST, LAST)
    by_day = quality.true_outages(truth, FIRST, LAST, from_hour=6)
    assert len(found.keys() & down.keys()) >= 0.9 * len(found)
    people = events.groupby(["cell_id", "event_date"])["subscriber_id"].nunique()
    a_day = people.groupby("cell_id").sum() / ((LAST - FIRST).days + 1)
    visible = {key for key, hours in by_day.items() if hours >= 6 and a_day.get(key[0], 0) >= 5}
    assert visible and len(found.keys() & visible) >= 0.9 * len(visible)


def test_suspicious_subscribers_are_those_of_a_second_calculation(server, tables):
    machines, travellers = quality.suspicious(tables.frame(PLACED))
    found = server.query(
        "select subscriber_id, is_machine, is_impossible_traveller "
        "from protected.int_suspicious_subscribers"
    )
    assert {who for who, is_machine, _ in found if is_machine} == machines
    assert {who for who, _, is_traveller in found if is_traveller} == travellers
    # Where few sites lie far apart, a phone that hears two of them by turns seems to travel.
    assert len(found) < 0.02 * 1200


def test_days_are_compared_with_those_before(server, tables):
    """Of 14 days the last seven have enough before them; what came in is counted again."""
    columns = ["measure", "event_date", "value", "is_unusual"]
    rows = server.query(
        "select measure, event_date, measured_value, is_unusual "
        "from protected.int_event_quality where source_file is null"
    )
    found = pd.DataFrame(rows, columns=columns)
    found["event_date"] = found["event_date"].map(date.fromisoformat)
    counted = tables.frame(
        "select event_date, count(*) as n_events, "
        "count(distinct subscriber_id) as n_subscribers, count(distinct cell_id) as n_cells, "
        "count(area_id) / count(*) as share_located "
        "from protected.int_events_checked where event_date is not null group by all"
    ).set_index("event_date")
    assert len(counted) == 14
    assert found.groupby("measure").size().eq(14).all()
    assert {f"share_{reason}" for reason in ("rejected", "duplicate")} < set(found["measure"])
    for measure, days in found.groupby("measure"):
        value = dict(zip(days["event_date"], days["value"], strict=True))
        if measure in counted:
            expected = {day.date(): float(number) for day, number in counted[measure].items()}
            assert value == pytest.approx(expected), measure
        least = 0.2 if measure.startswith("n_") else None
        judged = quality.unusual(value, least)
        shown = dict(zip(days["event_date"], days["is_unusual"], strict=True))
        assert shown == judged, measure
        assert sum(verdict is not None for verdict in judged.values()) == 7


def test_cells_are_never_seen_not_listed_or_moved(server, country, tables):
    landing = pd.read_csv(country / "landing" / "cell_sites" / "cell_sites.csv")
    seen = set(
        tables.frame(
            "select distinct cell_id from protected.int_events_checked "
            "where event_date is not null and cell_id is not null"
        )["cell_id"]
    )
    moved = {cell for cell, n in landing["cell_id"].value_counts().items() if n > 1}
    rows = server.query("select cell_id, is_listed, is_seen, n_moves from protected.cell_quality")
    listed = {cell: row for cell, is_listed, *row in rows if is_listed}
    assert listed.keys() == set(landing["cell_id"])
    assert {cell for cell, (is_seen, _) in listed.items() if is_seen} == seen
    assert {cell for cell, (_, n_moves) in listed.items() if n_moves} == moved
    assert len(moved) == 1
    unlisted = {cell for cell, is_listed, *_ in rows if not is_listed}
    named = set()
    for path in (country / "landing" / "events").rglob("*.csv.gz"):
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        # Every line has one flaw at most: a short one has no cell, or a known one.
        named.update(line.split(",")[2] for line in lines if line.count(",") == 7)
    assert unlisted == named - listed.keys() - {""}
    assert len(unlisted) > 30


def test_a_profile_has_each_of_its_values_once(tables):
    """The key of the view; assert_one_profile_per_subscriber asks the tables that it reads."""
    key = "subscriber_id, groupby, indicator, part_of_week, part_of_day, statistic"
    profiles = "protected.int_subscriber_profiles"
    twice = f"select {key} from {profiles} group by {key}, interaction having count(*) > 1"
    assert tables.frame(f"select 1 from {profiles} limit 1").shape == (1, 1)
    assert tables.frame(twice).empty
    missing = " or ".join(f"{column} is null" for column in key.split(", "))
    assert tables.frame(f"select * from {profiles} where {missing}").empty


def test_profile_summary_is_the_statistics_of_residents(server, tables):
    expected = tables.frame(phone_use.SUMMARY)
    assert expected["indicator"].nunique() == 25
    actual = table(server, "protected.candidate_profile_summary", list(expected.columns))
    has_no_value = actual["mean_value"].isna()
    assert actual.loc[has_no_value, "standard_deviation"].isna().all()
    assert_same(actual[~has_no_value], expected)


def test_the_contact_matrix_is_the_calls_between_homes(server, tables):
    expected = tables.frame(phone_use.CONTACTS)
    assert expected["n_interactions"].sum() > 1000
    assert_same(
        table(server, "protected.candidate_contact_matrix", list(expected.columns)), expected
    )


def test_segments_are_where_k_means_ends(server, tables):
    """Everybody is nearest to the mean of their segment, and areas add up everybody."""
    features = tables.features()
    points = phone_use.standardised(features)
    centres = np.array(
        [
            [float(number) for number in centre.strip("[]").split(",")]
            for _, centre in server.query(
                "select segment, cast(centre as string) from protected.int_segments order by 1"
            )
        ]
    )
    assert 3 <= len(centres) <= 8
    segment = phone_use.nearest(points, centres)
    means = np.array([points[segment == n + 1].mean(axis=0) for n in range(len(centres))])
    np.testing.assert_allclose(means, centres, atol=0.02)
    assert (np.diff(centres[:, 0]) < 0).all()
    found = dict(
        server.query("select subscriber_id, segment from protected.int_subscriber_segments")
    )
    assert found == dict(zip(features.index, segment, strict=True))

    homes = tables.frame(
        "select subscriber_id, area_level, home_area_id as area_id from protected.int_home_areas "
        "where period = 'study'"
    )
    long = features.assign(segment=segment).reset_index().merge(homes, on="subscriber_id")
    long = long.melt(["subscriber_id", "segment", "area_level", "area_id"], var_name="indicator")
    keys = ["area_level", "area_id", "segment", "indicator"]
    expected = long.groupby(keys, as_index=False).agg(
        n_subscribers=("subscriber_id", "nunique"), mean_value=("value", "mean")
    )
    assert_same(
        table(server, "protected.candidate_profile_segments", list(expected.columns)), expected
    )


def told(server, mart: str, columns: list[str]) -> pd.DataFrame:
    return table(server, f"protected.release_{mart}", columns)


def test_profiles_count_residents_and_their_values_in_steps(server, country):
    columns = ["area_level", "area_id", "n_subscribers"]
    summary = told(server, "profile_summary", [*columns, "n_with_value", "mean_value"])
    residents = table(server, "protected.release_count_residents", ["period", *columns])
    residents = residents.loc[residents["period"] == "study", columns]
    assert_same(summary[columns].drop_duplicates(), residents)
    rows = summary[summary["mean_value"].notna()]
    assert (rows["n_with_value"] % 16 == 0).all()
    assert rows["n_with_value"].between(16, rows["n_subscribers"]).all()
    assert summary.loc[summary["mean_value"].isna(), "n_with_value"].isna().all()


def test_what_is_missing_of_the_means_of_a_level_passes_the_rules(server, tables):
    """The sum of a level is that of any other: what is suppressed in it can be subtracted."""
    keys = [*phone_use.SPLIT, "indicator"]
    means = told(server, "profile_summary", [*keys, "mean_value"])
    has_means = means["mean_value"].notna()
    # Of some areas and splits nothing: fifteen people, or one who makes up the sum.
    assert 1000 < has_means.sum() < 0.9 * len(means)
    values = tables.frame("select * from study_values where value is not null")
    missing = values.merge(means[~has_means], on=keys)
    splits = ["area_level", "interaction", "part_of_week", "part_of_day", "indicator"]
    published = set(means.loc[has_means, splits].itertuples(index=False, name=None))
    n_compared = 0
    for split, group in missing.groupby(splits):
        if split in published:  # or there is nothing to subtract
            assert phone_use.passes_rules(group["value"]), split
            n_compared += 1
    assert n_compared > 20


def test_parts_that_add_up_are_told_together(server, country):
    """Of all, by day and by night: not all and one of two parts, if there is another."""
    keys = [*phone_use.SPLIT, "indicator"]
    columns = [*keys, "n_with_value", "mean_value"]
    candidates = table(server, "protected.candidate_profile_summary", columns)
    rows = set(
        candidates.loc[candidates["n_with_value"] > 0, keys].itertuples(index=False, name=None)
    )
    means = told(server, "profile_summary", columns).dropna()
    has_means = set(means[keys].itertuples(index=False, name=None))
    n_compared = 0
    for level, area, kind, week, day, indicator in has_means:
        if indicator not in ("number_of_interactions", "active_days"):
            continue
        for other in (
            (kind, week, {"day": "night", "night": "day"}.get(day)),
            (kind, {"weekday": "weekend", "weekend": "weekday"}.get(week), day),
            ({"call": "text", "text": "call"}.get(kind), week, day),
        ):
            row = (level, area, *other, indicator)
            if row in rows:
                assert row in has_means, row
                n_compared += 1
    assert n_compared > 10


def test_what_is_missing_of_segments_passes_the_rules(server, tables):
    keys = ["area_level", "area_id", "segment", "indicator"]
    means = told(server, "profile_segments", [*keys, "mean_value"])
    has_means = means["mean_value"].notna()
    assert has_means.any()
    segments = pd.DataFrame(
        server.query("select subscriber_id, segment from protected.int_subscriber_segments"),
        columns=["subscriber_id", "segment"],
    )
    homes = tables.frame(
        "select subscriber_id, area_level, home_area_id as area_id from protected.int_home_areas "
        "where period = 'study'"
    )
    long = tables.features().reset_index().merge(segments, on="subscriber_id")
    long = long.merge(homes, on="subscriber_id")
    long = long.melt(["subscriber_id", "segment", "area_level", "area_id"], var_name="indicator")
    missing = long.merge(means[~has_means], on=keys)
    n_compared = 0
    for together in (
        ["area_level", "area_id", "indicator"],
        ["area_level", "segment", "indicator"],
    ):
        some = set(means.loc[has_means, together].itertuples(index=False, name=None))
        for key, group in missing.groupby(together):
            if key in some:
                assert phone_use.passes_rules(group["value"]), key
                n_compared += 1
    assert n_compared > 0


def test_listeners_are_what_plain_python_says(server, country):
    events, _ = listeners.read_events(country / "landing", FIRST, LAST)
    customers, _ = listeners.read_customers(country / "landing")
    profiles = listeners.profiles(events, customers)
    assert len(profiles) > 300
    listeners.assert_profiles(server, profiles)
    listeners.assert_statistics(server, listeners.summary(profiles))


@functools.cache
def columns_of(server, mart: str) -> list[str]:
    return [row[0] for row in server.query(f"show columns in marts.{mart}")]


def seen(server, schema: str = "marts", marts=ALL_MARTS) -> dict[str, tuple]:
    """By mart how many rows a reader sees, and a sum that every one of them changes.

    Of a hundred thousand rows the server says this sooner than it hands them over, and of ten marts
    in one query sooner than in ten.
    """
    found = {}
    for first in range(0, len(marts), 10):
        sums = []
        for mart in marts[first : first + 10]:
            row = f"cast(struct({', '.join(columns_of(server, mart))}) as string)"
            sums.append(
                f"select '{mart}', count(*), sum(cast(xxhash64({row}) as decimal(38, 0))) "
                f"from {schema}.{mart}"
            )
        for mart, n_rows, total in server.query(" union all ".join(sums)):
            found[mart] = (n_rows, total)
    return found


NOTHING = dict.fromkeys(ALL_MARTS, (0, None))


def test_without_a_release_there_is_no_report(server, country):
    done = throng(server, country, "report")
    assert done.returncode == 1
    assert "Nothing is published yet. Run: throng release publish" in done.stderr


def test_a_build_shows_nothing_and_cannot_be_published_before_the_audit(server, country):
    refused = throng(server, country, "release", "publish")
    assert refused.returncode == 1
    assert "throng release audit" in refused.stderr
    assert "No release yet" in throng(server, country, "release", "list").stdout
    assert seen(server) == NOTHING


@pytest.fixture(scope="module")
def published(server, country) -> dict[str, tuple]:
    """What readers see of the first release."""
    audited = throng(server, country, "release", "audit", "--vars", json.dumps(DAYS))
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert "Passed" in audited.stdout
    done = throng(server, country, "release", "publish")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Published as r0001" in done.stdout
    summary = throng(server, country, "summary").stdout
    assert "Nothing is published" not in summary and "Built otherwise" not in summary
    return seen(server)


@pytest.mark.parametrize("mart", ALL_MARTS)
def test_readers_see_what_was_audited(server, published, mart):
    names = columns_of(server, mart)
    columns = ", ".join(names)
    shown, audited = f"marts.{mart}", f"protected.release_{mart}"
    for one, other in ((shown, audited), (audited, shown)):
        rows = f"select {columns} from {one} except all select {columns} from {other}"
        assert server.query(f"{rows} limit 1") == [], (one, other)
    [people] = [name for name in names if name in ("n_subscribers", "n_customers")]
    [(n_rows, n_shown, smallest)] = server.query(
        f"select count(*), count_if(not is_suppressed), min({people}) from {shown}"
    )
    assert n_rows > 0
    # Hardly anybody moves house in two weeks; and those seen at home only follow by subtraction
    # from presence and visitors, so few of them are published in a small country.
    may_be_empty = ("count_home_relocations", "count_subscribers_home_area")
    assert n_shown > 0 or mart in may_be_empty
    assert smallest is None or smallest >= 16


def test_a_release_is_listed_and_shown(server, country, published):
    assert "r0001" in throng(server, country, "release", "list").stdout
    shown = throng(server, country, "release", "show", "r0001").stdout
    assert "16 people or more" in shown
    for mart in ALL_MARTS:
        assert mart in shown


def test_the_areas_of_the_country_are_published(server, country, published):
    """Once, however often the marts are: names and extents are those of the list."""
    listed = pd.read_csv(country / "landing/areas/areas.csv")
    shown = server.query(
        "select area_level, area_id, area_name, population, outline_source, area_km2, has_cells "
        "from marts.areas where is_current order by area_id"
    )
    assert [row[:4] for row in shown] == list(
        listed.sort_values("area_id")[
            ["area_level", "area_id", "area_name", "population"]
        ].itertuples(index=False, name=None)
    )
    assert {row[4] for row in shown} == {"list"} and all(row[6] for row in shown)
    whole = shapely.union_all(shapely.from_wkt(listed.geometry))
    km2 = whole.area * 111.32**2 * np.cos(np.radians(whole.centroid.y))
    for level in set(listed.area_level):
        assert sum(row[5] for row in shown if row[0] == level) == pytest.approx(km2, rel=0.01)
    copied = {row[0]: row[1] for row in server.query("describe released.areas") if row[1]}
    seen_of_them = dict(row[:2] for row in server.query("describe marts.areas"))
    assert seen_of_them.pop("is_current") == "boolean"
    assert {name: kind for name, kind in copied.items() if name[0] != "#"} == {
        **seen_of_them,
        "published_at": "timestamp",
    }
    [(versions,)] = server.query("select count(distinct geography_version) from marts.areas")
    assert versions == 1


def test_every_row_says_whether_its_period_is_complete(server, published):
    """The study is two whole weeks of one month, of which something came in every day."""
    parts = (f"select period, is_complete from marts.{mart} group by all" for mart in ALL_MARTS)
    told = set(server.query(" union ".join(parts)))
    whole = {("hour", True), ("day", True), ("week", True), ("study", True), ("reference", True)}
    assert told == {*whole, ("month", False)}


def test_coverage_is_what_published_numbers_say(server, country, published):
    rows = server.query(
        "select period_start, area_level, area_id, n_subscribers, n_events "
        "from marts.count_events where period = 'day'"
    )
    columns = ["day", "level", "area", "people", "events"]
    days = pd.DataFrame(rows, columns=columns).astype({"people": float, "events": float})
    # A median of pandas passes over what is missing; ours must not.
    usual = days.groupby(["level", "area"])[["people", "events"]].agg(
        lambda numbers: numbers.median(skipna=False)
    )
    landing = country / "landing"
    # In which area a cell is, is another test's question.
    cells = server.query(
        "select cell_id, area_id from protected.int_cell_site_versions where area_id is not null"
    )
    areas = pd.read_csv(landing / "areas" / "areas.csv").set_index("area_id")
    residents = dict(
        server.query(
            "select area_id, n_subscribers from marts.count_residents where period = 'study'"
        )
    )
    shown = server.query(
        "select area_level, area_id, n_cells, n_residents, people_per_resident, n_days, "
        "usual_subscribers, usual_events from marts.coverage"
    )
    assert {row[1] for row in shown} == set(areas.index)
    for level, area, n_cells, n_residents, share, n_days, people, events in shown:
        inside = {cell for cell, of_cell in cells if area in ancestors(areas, of_cell)}
        assert n_cells == len(inside), area
        assert n_residents == residents[area]
        expected = n_residents and areas.population[area] / n_residents
        assert share == (expected and pytest.approx(expected, abs=0.051)), area
        assert n_days == 14
        for number, wanted in zip((people, events), usual.loc[level, area], strict=True):
            assert number == (None if np.isnan(wanted) else wanted), area
    assert sum(row[6] is not None for row in shown) > 5


def ancestors(areas: pd.DataFrame, area: str) -> set[str]:
    """An area and all around it."""
    found = set()
    while isinstance(area, str):
        found.add(area)
        area = areas.parent_area_id[area]
    return found


def test_event_quality_is_made_of_published_numbers(server, published):
    people = dict(
        server.query(
            "select cast(period_start as date), n_subscribers from marts.total_subscribers "
            "where period = 'day'"
        )
    )
    events = dict(
        server.query(
            "select cast(period_start as date), sum(n_events) from marts.count_events "
            "where period = 'day' and area_level = 'admin1' group by 1 "
            "having not bool_or(is_suppressed)"
        )
    )
    assert len(people) == 14 and len(events) > 7
    shown = server.query(
        "select cast(period_start as date), n_subscribers, n_events, is_unusual "
        "from marts.event_quality"
    )
    judged = [
        quality.unusual({date.fromisoformat(day): n for day, n in numbers.items()}, 0.2)
        for numbers in (people, events)
    ]
    for day, n_subscribers, n_events, is_unusual in shown:
        assert (n_subscribers, n_events) == (people[day], events.get(day)), day
        verdicts = [verdict.get(date.fromisoformat(day)) for verdict in judged]
        assert is_unusual == (None if verdicts[0] is None else any(verdicts)), day
    assert len(shown) == 14


def test_two_weeks_are_too_short_to_say_what_is_usual(server, country, published):
    """What longer studies show is in test_changes.py."""
    shown = server.query(
        "select max(n_baseline), count(*), count_if(not is_suppressed), count(change_percent) "
        "from marts.count_subscribers_change"
    )
    [(n_days,)] = server.query("select count(*) from marts.count_subscribers where period = 'day'")
    assert shown == [(2, n_days, 0, 0)]
    assert n_days > 100


def test_the_report_shows_what_is_published(server, country, published, tmp_path):
    out = tmp_path / "report.html"
    done = throng(server, country, "report", "--out", str(out), "--event", "2020-02-10 flood")
    assert done.returncode == 0, done.stderr
    page = out.read_text(encoding="utf-8")
    study = json.loads(re.search(r'id="study">(.*?)</script>', page, re.DOTALL)[1])
    ids = {level: [area["id"] for area in areas] for level, areas in study["areas"].items()}
    rows = server.query(
        "select period, date_format(period_start, 'yyyy-MM-dd'), area_level, area_id, "
        "n_subscribers from marts.count_subscribers where period <> 'hour'"
    )
    assert len(rows) > 200
    for period, start, level, area, people in rows:
        assert study["people"][level][period][start][ids[level].index(area)] == people
    [(journeys,)] = server.query(
        "select sum(n_journeys) from marts.journeys_od where period = 'week'"
    )
    weeks = [week for weeks in study["flows"].values() for week in weeks.values()]
    assert sum(pair[2] for week in weeks for pair in week["pairs"]) == (journeys or 0)
    assert "withheld" in {finding["finding"] for finding in study["findings"]}
    assert 'class="fictional"' in page
    assert len(page.encode()) < 2e6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--levels", "admin9"], "There is no area level admin9"),
        (["--periods", "hour"], "--periods are of day, week, month"),
        (["--language", "xx"], "--language must be one of en, fr"),
        (["--event", "yesterday flood"], "--event begins with a date"),
        (["--out", "."], ". is a folder"),
    ],
)
def test_a_report_that_cannot_be_says_why(server, country, published, options, sentence):
    done = throng(server, country, "report", *options)
    assert done.returncode == 1
    assert sentence in done.stderr


def test_published_again_nothing_happens(server, country, published):
    done = throng(server, country, "release", "publish")
    assert done.returncode == 0, done.stderr
    assert "Nothing new" in done.stdout
    assert seen(server) == published


def test_a_mart_is_exported_and_nothing_else(server, country, published, tmp_path):
    right = server.query("select n_subscribers from marts.count_residents")
    out = tmp_path / "residents.csv"
    done = throng(server, country, "export", "count_residents", "--out", str(out))
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(right)
    people = [row["n_subscribers"] for row in rows if row["n_subscribers"]]
    assert sum(int(n) for n in people) == sum(n or 0 for (n,) in right) > 0
    out.unlink()
    refused = throng(server, country, "export", "int_home_areas", "--out", str(out))
    assert refused.returncode == 1
    assert "The marts are: " in refused.stderr
    assert not out.exists()


@pytest.fixture(scope="module")
def folders(server, country, published, tmp_path_factory):
    """Every mart as Hive and Athena read it."""
    folder = tmp_path_factory.mktemp("exported marts")
    done = throng(server, country, "export", "--all", "--partitioned", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    marts = {row[1] for row in server.query("show tables in marts")}
    assert {path.name for path in folder.iterdir()} == marts >= set(ALL_MARTS)
    assert len(done.stdout.splitlines()) == len(marts)
    return folder


def ddl_of(
    server, country, dialect: str, location: str, database: str, marts: tuple[str, ...] = ()
) -> list[str]:
    options = ["--dialect", dialect, "--location", location, "--database", database]
    done = throng(server, country, "ddl", *marts, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix(";\n").split(";\n\n")


#: Marts that have between them every type of a number, text or time, by one column or two.
OF_EVERY_TYPE = ("count_residents", "day_rhythm", "stay_durations", "total_subscribers")


@pytest.fixture(scope="module")
def some_folders(server, country, published, tmp_path_factory):
    """The same of OF_EVERY_TYPE, one command each."""
    folder = tmp_path_factory.mktemp("some marts")
    for mart in OF_EVERY_TYPE:
        done = throng(server, country, "export", mart, "--partitioned", "--out", str(folder))
        assert done.returncode == 0, done.stderr
    return folder


def test_tables_of_hive_over_exported_files_are_the_marts(server, country, some_folders):
    database = "exported_marts"
    location = f"file:{some_folders}"
    [make, *statements] = ddl_of(server, country, "hive", location, database, OF_EVERY_TYPE)
    assert len(statements) == 2 * len(OF_EVERY_TYPE)
    assert types_in(statements) == {"string", "timestamp", "bigint", "int", "double", "boolean"}
    server.query(make)
    try:
        for statement in statements:
            server.query(statement)
        found = seen(server, database, OF_EVERY_TYPE)
        assert found == seen(server, marts=OF_EVERY_TYPE)
        assert all(rows for rows, _ in found.values())
    finally:
        server.query(f"drop database {database} cascade")
    assert len(list(some_folders.rglob("*.parquet"))) > len(OF_EVERY_TYPE)


@pytest.mark.long
def test_the_report_needs_nothing_but_the_marts(
    server, country, published, folders, own_server, tmp_path
):
    """On another server that has the exported marts and no other table, the page is the same."""
    own_server.start()
    for statement in ddl_of(server, country, "hive", f"file:{folders}", "marts"):
        own_server.query(statement)
    assert {row[0] for row in own_server.query("show databases")} == {"default", "marts"}
    pages = []
    for number, one in enumerate((server, own_server)):
        out = tmp_path / f"{number}.html"
        done = throng(one, country, "report", "--out", str(out))
        assert done.returncode == 0, done.stderr
        pages.append(out.read_text(encoding="utf-8"))
    assert pages[0] == pages[1]


def types_in(statements: list[str]) -> set[str]:
    """Types of the columns of tables."""
    return {kind for text in statements for kind in re.findall(r"(?m)^    `\w+` (\w+)", text)}


@pytest.mark.long
def test_athena_projects_every_folder_that_was_exported(server, country, folders):
    statements = ddl_of(server, country, "athena", "s3://bucket/marts", "throng")
    by_mart = {
        path.name: next(text for text in statements if f".`{path.name}` (" in text)
        for path in folders.iterdir()
    }
    n_compared = 0
    for path in folders.rglob("*.parquet"):
        mart, *parts, _ = path.relative_to(folders).parts
        properties = dict(re.findall(r"'([\w.]+)' = '([^']*)'", by_mart[mart]))
        template = properties.pop("storage.location.template", f"s3://bucket/marts/{mart}/")
        for column, value in (part.split("=") for part in parts):
            assert value in properties[f"projection.{column}.values"].split(",")
            template = template.replace(f"${{{column}}}", value)
            n_compared += 1
        assert template == f"s3://bucket/marts/{'/'.join([mart, *parts])}/"
    assert n_compared > len(ALL_MARTS)


@pytest.fixture(scope="module")
def exported(server, published, tmp_path_factory):
    return worksheets.exported(server, tmp_path_factory.mktemp("exported"))


def answers_of(server, sql: str) -> pd.DataFrame:
    with contextlib.closing(server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        columns = [column for column, *_ in cursor.description]
        return pd.DataFrame(cursor.fetchall(), columns=columns)


#: What so small a country has no published number for: pairs of areas, and few seen at home only;
#: and two weeks are too short for a baseline.
NO_ANSWER = {"commuting_belts", "emptied_or_filled", "home_relocations", "who_stays_home"}


@pytest.mark.long
@pytest.mark.parametrize("name", names())
def test_a_worksheet_is_what_a_second_engine_finds(server, exported, name):
    """Through the Thrift server, and the same text in DuckDB: it is no dialect of its own."""
    sql = worksheet(name, **worksheets.SETTINGS[name])
    actual = answers_of(server, sql)
    expected = exported.execute(worksheets.EXPECTED[name]).df()
    worksheets.assert_same_answer(actual, expected)
    worksheets.assert_same_answer(actual, exported.execute(sql).df())
    numbers = [column for column in expected if expected[column].dtype.kind == "f"]
    assert name in NO_ANSWER or expected[numbers].notna().any().any()


@pytest.fixture(scope="module")
def made_by_hand(server, tmp_path_factory):
    database = worksheets.made_by_hand()
    worksheets.to_server(database, server, tmp_path_factory.mktemp("made by hand"))
    return database


@pytest.mark.parametrize("name", names())
def test_a_worksheet_of_a_country_made_by_hand(server, made_by_hand, name):
    """In which every question has an answer."""
    sql = worksheet(name, **worksheets.SETTINGS[name])
    actual = answers_of(server, sql.replace(" from marts.", " from made."))
    expected = made_by_hand.execute(worksheets.EXPECTED[name]).df()
    worksheets.assert_same_answer(actual, expected)


def test_a_worksheet_runs_in_beeline(server, published, tmp_path):
    file = tmp_path / "residents.sql"
    file.write_text(worksheet("residents_against_census"))
    done = run_throng("beeline", "-f", str(file), "--outputformat=csv2", env=server.env)
    assert done.returncode == 0, done.stderr
    answer = answers_of(server, file.read_text())
    assert len(answer) == 2
    worksheets.assert_same_answer(pd.read_csv(io.StringIO(done.stdout)), answer)


#: Instead of the dates of the demo: what the notebooks are about in this country.
NOTEBOOK_SETTINGS = """
from datetime import date

FINE_LEVEL, COARSE_LEVEL = "admin2", "admin1"
FIRST_DAY = BEFORE_FROM = date(2020, 2, 3)
EVENT_FROM = FESTIVAL_FROM = date(2020, 2, 8)
EVENT_UNTIL = FESTIVAL_UNTIL = MONDAY = date(2020, 2, 10)
SATURDAY = date(2020, 2, 15)
AFTER_UNTIL = UNTIL_DAY = date(2020, 2, 17)
"""


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(server, published, path, tmp_path, monkeypatch):
    missing = "The extra `notebooks` is not installed, so no notebook is run: make test-all does."
    nbformat = pytest.importorskip("nbformat", reason=missing)
    client = pytest.importorskip("nbclient", reason=missing)
    notebook = nbformat.read(path, 4)
    [settings] = [cell for cell in notebook.cells if "settings" in cell.metadata.get("tags", [])]
    settings.source = NOTEBOOK_SETTINGS
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    client.NotebookClient(notebook, timeout=300).execute()
    # A cell that shows nothing has no place in a notebook, but for settings and imports. Beside
    # what cells show, one of them says on stderr which server it asks.
    cells = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    shown = [[output for output in outputs if "data" in output] for outputs in cells[2:]]
    assert shown and all(outputs for outputs in shown)
    assert all("text/html" in output["data"] for outputs in shown for output in outputs)
    said = [output for outputs in cells for output in outputs if "data" not in output]
    assert [output["text"].split(",")[0] for output in said] == [f"Server 127.0.0.1:{server.port}"]


#: Charts without a row here: two weeks are too short for a baseline and for forecasts, and no day
#: is after them; nobody named an event; no day is unusual; and no area was down as a whole.
NO_ROWS = {
    "Days that are unlike the days before",
    "Median change on the days after the baseline, in percent",
    "Crowding by hour: how many times the usual number of the hour of the week",
    "Areas before, during and after events: change in percent of usual days",
    "People as estimated: change in percent of the same weekday of the baseline",
    "In one area and later in another: change in percent of the same weekday",
    "Into and out of an area: difference from the same weekday, in median deviations",
    "Where the network was probably down",
    "The next two weeks, subscribers by day as forecast",
    "Errors of such forecasts in the past, in subscribers",
}


@pytest.fixture(scope="module")
def reader_env(server, published, tmp_path_factory):
    """The environment of commands of a reader server over what is published."""
    folder = tmp_path_factory.mktemp("readers")
    env = {
        **server.env,
        "THRONG_SERVE_FOLDER": str(folder / "serve"),
        "THRONG_SERVE_PORT": str(free_port()),
        "THRONG_ROLES": str(folder / "roles" / "roles.yml"),
    }
    add_user(Path(env["THRONG_ROLES"]), "rita", "public", "as-long-as-it-has-to-be")
    started = run_throng("serve", "start", "--memory", "1g", "--without-sandbox", env=env)
    assert started.returncode == 0, started.stdout + started.stderr
    yield env
    run_throng("serve", "stop", env=env)


@pytest.fixture(scope="module")
def superset(reader_env, tmp_path_factory):
    """Superset over what is published, with a browser that is logged in."""
    home = tmp_path_factory.mktemp("bi") / "superset home"
    with (
        browser(*dashboards.DRAWN_BY_PROCESSOR, exclude="127.0.0.1") as opened,
        dashboards.superset(reader_env, home) as where,
    ):
        yield where, dashboards.log_in(opened, where)


@pytest.mark.long
@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.slug)
def test_a_dashboard_shows_what_is_published(server, superset, dashboard, tmp_path_factory):
    where, page = superset
    names = dashboards.chart_names(page, where)
    picture = tmp_path_factory.mktemp("pictures") / f"{dashboard.slug}.png"
    seen = dashboards.look_at(page, where, dashboard.slug, len(dashboard.charts), picture)
    print(f"Picture of the dashboard: {picture}")
    assert seen.errors == []
    assert seen.beyond == []
    assert seen.n_drawn == len(dashboard.charts)
    rows = {names[chart]: len(data) for chart, data in seen.data.items()}
    assert set(rows) == {chart.name for chart in dashboard.charts}
    assert {name for name, n in rows.items() if n == 0} <= NO_ROWS
    if dashboard.slug == "residents":
        data = {names[chart]: data for chart, data in seen.data.items()}
        shown = {
            row["area_id"]: row["published_n_subscribers"]
            for row in data["Residents over the study"]
        }
        assert shown == dict(
            server.query(
                "select area_id, n_subscribers from marts.count_residents "
                "where period = 'study' and area_level = 'admin1'"
            )
        )


@pytest.mark.long
def test_superset_lists_marts_and_reads_nothing_else(server, superset):
    where, page = superset
    asked = dashboards.Api(page, where)
    assert asked.get("database/1/schemas/?q=(force:!t)")["result"] == ["marts"]
    tables = asked.get("database/1/tables/?q=(force:!t,schema_name:marts)")["result"]
    listed = {row[1] for row in server.query("show tables in marts")}
    assert {table["value"] for table in tables} == listed
    for sql, is_allowed in (
        ("select area_id from marts.areas", True),
        ("with areas as (select * from marts.areas) select area_id from areas", True),
        ("select subscriber_id from protected.int_home_areas", False),
        ("with x as (select * from protected.int_home_areas) select * from x", False),
        (
            "select (select max(subscriber_id) from protected.int_home_areas) from marts.areas",
            False,
        ),
        (f"select * from text.`{server.key_file}`", False),
        ("select reflect('java.lang.System', 'getenv')", False),
        ("select 1; drop view marts.areas", False),
    ):
        status, text = asked.run(sql)
        assert (status == 200) == is_allowed, (sql, text)
        refusals = ("There is no", "not for readers", "does not allow")
        assert is_allowed or any(words in text for words in refusals), (sql, text)


@pytest.mark.long
def test_superset_keeps_its_secrets_and_its_port(server, superset):
    where, page = superset
    for name in ("admin_password", "secret_key", "superset.db", "superset.log"):
        assert (where.home / name).stat().st_mode & 0o777 == 0o600, name
    assert where.home.stat().st_mode & 0o777 == 0o700
    # A form without its token is refused.
    without = page.request.post(f"{where.address}/api/v1/dataset/", data={"table_name": "x"})
    assert without.status == 400
    assert "CSRF" in without.text()
    assert dashboards.listening(where) == {"127.0.0.1"}


@pytest.mark.long
def test_superset_started_again_is_what_it_was(reader_env, superset, tmp_path):
    where, _ = superset
    again = dashboards.start(reader_env, where.home, where.port)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0] == f"Superset runs on {where.address}/dashboard/list/"
    assert where.password not in again.stdout
    other = dashboards.start(reader_env, tmp_path / "other", where.port)
    assert other.returncode == 1
    assert other.stderr.startswith(f"Error: Port {where.port} on 127.0.0.1 is taken")
    assert not (tmp_path / "other").exists()


def test_context_goes_with_the_release_and_its_wrong_rows_have_reasons(server, country, published):
    reasons = dict(
        server.query("select reject_reason, count(*) from protected.int_context_checked group by 1")
    )
    n_areas = len(pd.read_csv(country / "landing" / "areas" / "areas.csv"))
    assert reasons.pop(None) == 14 * n_areas + 1
    assert reasons.pop("contradictory") == 2
    assert reasons == dict.fromkeys(
        [
            *("malformed_row", "missing_area", "missing_date", "unparsable_date", "missing_name"),
            *("missing_value", "unparsable_value", "unknown_area", "duplicate"),
        ],
        1,
    )
    by_period = dict(
        server.query("select period, count(*) from marts.context_series group by period")
    )
    assert by_period == {"day": 14 * n_areas, "week": 1}
    found = server.query(
        "select other_series_name, lag_days, n_days, abs(pearson) <= 1 "
        "from marts.series_correlation"
    )
    # Of 14 days, all at no lag: people of two areas, and people and rain of one.
    assert {name for name, *_ in found} == {"count_subscribers", "rain"}
    assert {(lag, n, is_correlation) for _, lag, n, is_correlation in found} == {(0, 14, True)}


def test_where_help_is_needed_goes_with_the_release(server, country, published):
    """From the file to the ranking; test_need.py has all options and what is wrong in files."""
    file = country / "landing" / "indicators" / "indicators.csv"
    need.assert_need(server, pd.read_csv(file, index_col="entity"))
    assert len(server.query("select distinct published_at from released.indicators")) == 1


def test_estimates_of_people_are_of_published_numbers(server, country, published):
    """Null where the number is, never fewer than those seen, and within their own interval."""
    wheres = {
        "count_subscribers": "period = 'day'",
        "count_residents": "period in ('week', 'month')",
        "od_matrix_directed_all_pairs": "from_area_id <> to_area_id",
    }
    for mart, where in wheres.items():
        view = f"{mart}_estimated"
        [(n_rows, n_withheld)] = server.query(
            f"select count(*), count_if(is_suppressed) from marts.{mart} where {where}"
        )
        [(rows, withheld, ordered, known)] = server.query(
            f"""
            select count(*), count_if(n_subscribers is null),
                count_if(
                    people_estimated_low <= people_estimated
                    and people_estimated <= people_estimated_high
                    and n_subscribers <= people_estimated + 5
                ),
                count(people_estimated)
            from marts.{view} where n_subscribers is not null or people_estimated is null
            """
        )
        assert (rows, withheld) == (n_rows, n_withheld), view
        assert ordered == known == n_rows - n_withheld > 0, view


def test_what_is_too_old_goes_and_what_is_published_stays(server, country, published):
    """Of the class of events alone; test_retention.py has the others."""
    landing = country / "landing"
    files = fingerprint(landing)
    expired = ("int_events_checked", "rejected_events")
    kept = ("int_home_areas", "candidate_count_residents")

    def counts(tables: tuple[str, ...]) -> list[int]:
        return [server.query(f"select count(*) from protected.{name}")[0][0] for name in tables]

    assert all(counts(expired))
    counts_before = counts(kept)
    assert all(counts_before)
    options = ["purge_expired", "--args", json.dumps({"as_of": "2021-01-01"})]
    limits = {"retention_subscriber_days": 1000, "retention_candidates_days": 1000}
    feeds = ["listening", "context", "indicators"]
    done = server.dbt("run-operation", *options, landing=landing, feeds=feeds, **limits)
    assert done.returncode == 0, done.stdout
    assert not any(counts(expired))
    assert counts(kept) == counts_before
    assert seen(server) == published
    assert fingerprint(landing) == files


def test_a_withdrawn_release_is_out_of_sight_and_in_the_ledger(server, country, published):
    reason = "a cell list of 'last' year"
    done = throng(server, country, "release", "withdraw", "r0001", "--reason", reason)
    assert done.returncode == 0, done.stderr
    assert seen(server) == NOTHING
    assert reason in throng(server, country, "release", "show", "r0001").stdout
