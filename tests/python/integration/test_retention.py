"""What is older than its class allows is removed, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest

from tests.python.conftest import run_throng
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import STUDY
from tests.python.support.marts import ALL_MARTS
from tests.python.support.tables import assert_candidates, assert_same, fingerprint, table

# A build of its own, because it removes what was built.
pytestmark = pytest.mark.long

# Keeps days from 2019-12-31 on in the classes subscriber and candidates.
AS_OF = "2020-01-30"
KEPT_FROM = date(2019, 12, 31)
# All, for what other tests have built on this server is too old one day too.
FEEDS = {"feeds": ["recharges", "listening"]}
RULE = "assert_nothing_is_older_than_allowed"
LONG = {f"retention_{name}_days": 10_000 for name in ("events", "subscriber", "candidates")}
#: In weeks that go and that stay; and one that is refused, with a clock of 2009.
RECHARGES = """subscriber_id,recharge_at,amount
somebody,2019-12-19 10:00:00,5
somebody,2019-12-30 10:00:00,5
somebody,2020-01-14 10:00:00,5
somebody,2009-01-01 10:00:00,5
"""
BY_DATE = (
    "int_cell_visits",
    "int_area_visits",
    "int_area_hours",
    "int_day_end_areas",
    "int_day_paths",
    "int_area_spells",
)
BY_DATE += ("int_active_hours",)
BY_WEEK = ("int_stops", "int_journeys", "int_known_hours", "int_profile_half_hours")


@pytest.fixture(scope="module")
def landing(server, tmp_path_factory):
    """Built once; the tests that remove something stand last, each with less than before it."""
    folder = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(folder)
    (folder / "recharges").mkdir()
    (folder / "recharges" / "recharges.csv").write_text(RECHARGES)
    server.build_untested(folder, **FEEDS, **STUDY)
    return folder


def purge(server, landing, dbt_vars=None, **arguments):
    return server.dbt(
        "run-operation",
        "purge_expired",
        "--args",
        json.dumps(arguments),
        landing=landing,
        **FEEDS,
        **(dbt_vars or {}),
    )


def look(server, landing, **dbt_vars):
    return server.dbt("test", "--select", RULE, landing=landing, **FEEDS, **STUDY, **dbt_vars)


def rows(server) -> dict[str, int]:
    names = [row[1] for row in server.query("show tables in protected")]
    return {name: server.query(f"select count(*) from protected.{name}")[0][0] for name in names}


def published(server) -> dict[str, list[tuple]]:
    """All that stands in the marts."""
    names = [row[1] for row in server.query("show tables in marts")]
    return {name: sorted(server.query(f"select * from marts.{name}"), key=str) for name in names}


def removed(done) -> dict[str, list[str]]:
    """Table -> its line of the list."""
    lines = [line.split() for line in done.stdout.splitlines()]
    return {line[0]: line for line in lines if len(line) > 5 and line[3] == "days"}


def test_a_dry_run_removes_nothing(server, landing):
    before = rows(server)
    done = purge(server, landing, as_of="2021-01-01", dry_run=True)
    assert done.returncode == 0, done.stdout
    assert "Purge as of 2021-01-01: a dry run, nothing is removed" in done.stdout
    assert rows(server) == before
    lines = removed(done)
    assert int(lines["int_cell_visits"][4].replace(",", "")) == before["int_cell_visits"]
    assert landing.name in done.stdout  # the landing files, and that they are not touched


def test_without_a_date_it_is_today(server, landing):
    done = purge(server, landing, dry_run=True)
    assert f"Purge as of {date.today()} (today): a dry run" in done.stdout


def test_other_limits_by_var(server, landing):
    before = rows(server)
    done = purge(server, landing, LONG, as_of="2021-01-01")
    assert done.returncode == 0, done.stdout
    assert rows(server) == before


@pytest.mark.parametrize(
    ("dbt_vars", "arguments", "said"),
    [
        ({}, {"as_of": "9999-01-01"}, "The argument as_of is 9999-01-01, after today"),
        ({}, {"as_of": "2020-02-30"}, "The argument as_of is '2020-02-30'; set it to a date"),
        ({}, {"dry_run": "perhaps"}, "The argument dry_run is 'perhaps'; set it to true or false."),
        ({"retention_events_days": 0}, {}, "The var retention_events_days is 0; set it to a whole"),
        ({"retention_as_of": "soon"}, {}, "The var retention_as_of is 'soon'; set it to a date"),
    ],
    ids=str,
)
def test_what_cannot_work_is_said_before_anything_is_removed(
    server, landing, dbt_vars, arguments, said
):
    done = purge(server, landing, dbt_vars, **arguments)
    assert done.returncode != 0
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Purge as of" not in done.stdout


def test_a_killed_purge_is_finished_by_the_next(server, landing):
    """Killed before the copy took the table's place, and after the table was gone."""
    before = rows(server)
    half, whole = "candidate_count_events", "int_home_areas"
    for sql in (
        f"create table protected.{half}__purged as select * from protected.{half} limit 1",
        f"alter table protected.{whole} rename to protected.{whole}__purged",
        "create table protected.of_an_older_version as select 1 as number",
    ):
        execute(server, sql)
    try:
        done = purge(server, landing, LONG, as_of=AS_OF)
        assert done.returncode == 0, done.stdout
        assert "Not touched: protected.of_an_older_version, which is no model" in done.stdout
    finally:
        execute(server, "drop table protected.of_an_older_version")
    assert rows(server) == before


def execute(server, sql: str) -> None:
    connection = server.connect()
    connection.cursor().execute(sql)
    connection.close()


def test_purge_removes_what_is_older_and_nothing_else(server, landing):
    expected = reference.expected(landing, **STUDY)
    before, marts_before = rows(server), published(server)
    files = fingerprint(landing)
    too_old = look(server, landing, retention_as_of=AS_OF)
    assert too_old.returncode == 1
    # All that expire but the list of rejected rows, which is as old as the study's last day.
    assert int(re.search(rf"FAIL (\d+) {RULE}", too_old.stdout)[1]) >= 16, too_old.stdout
    assert look(server, landing).returncode == 0  # off where the date is null

    done = purge(server, landing, as_of=AS_OF)
    assert done.returncode == 0, done.stdout
    assert f"Purge as of {AS_OF}\n" in done.stdout
    assert look(server, landing, retention_as_of=AS_OF).returncode == 0

    # Days: exactly those of the limit and later, in the tables and on the disk.
    days = {KEPT_FROM + timedelta(days=n) for n in range(15)}
    for name in BY_DATE:
        found = server.query(f"select distinct cast(event_date as string) from protected.{name}")
        assert {date.fromisoformat(day) for (day,) in found} == days
        folder = server.warehouse / "tables" / "protected.db" / name
        kept = {path.relative_to(folder).parts[0] for path in folder.rglob("*.parquet")}
        assert kept == {f"event_date={day}" for day in days}
    # Weeks: those of which a day is kept; the last one ends with the study.
    for name in BY_WEEK:
        found = server.query(f"select distinct cast(week_start as string) from protected.{name}")
        assert {week for (week,) in found} == {"2019-12-30", "2020-01-06", "2020-01-13"}, name
        folder = server.warehouse / "tables" / "protected.db" / name
        assert len(list(folder.glob("week_start=*"))) == 3, name
    [(first,)] = server.query("select min(event_date) from protected.int_journey_areas")
    assert date.fromisoformat(str(first)) >= KEPT_FROM
    # Periods: those that ended before are gone, the others are as they were.
    for mart in reference.KEYS:
        frame = expected.candidates[mart]
        assert_same(
            table(server, f"protected.candidate_{mart}", list(frame.columns)),
            frame[frame.apply(_last_date, axis=1) >= KEPT_FROM],
        )
    periods = server.query(
        "select period, cast(min(period_start) as string) from protected.int_home_areas group by 1"
    )
    assert {period: first[:10] for period, first in periods} == {
        "study": "2019-12-18",
        "reference": "2019-12-21",
        "week": "2019-12-30",
        "month": "2019-12-01",  # ended on the first day that is kept
    }
    # Events are kept longer; but rejected rows have no partition of their own day, so that with
    # those of 2009 go those of 2020 (their list stays).
    after = rows(server)
    assert after["int_events_checked"] == before["int_events_checked"] - before["rejected_events"]
    assert after["rejected_events"] == before["rejected_events"]
    assert (before["int_recharges_checked"], after["int_recharges_checked"]) == (4, 3)
    assert after["rejected_recharges"] == before["rejected_recharges"] == 1
    # What is published stays; nobody touches the files.
    assert published(server) == marts_before
    assert fingerprint(landing) == files
    # The list says what was done.
    lines = removed(done)
    assert set(lines) == {name for name in before if _expires(name)}
    for name, line in lines.items():
        assert int(line[4].replace(",", "")) == before[name] - after[name], name


def _last_date(row) -> date:
    first = row["period_start"].date()
    return {
        "study": date.fromisoformat(STUDY["study_end"]),
        "reference": date.fromisoformat(STUDY["home_end"]),
        "week": first + timedelta(days=6),
        "month": (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1),
    }.get(row["period"], first)


def _expires(name: str) -> bool:
    of_people = (
        "candidate_",
        "cell_outages",
        "cell_quality",
        "event_columns_read",
        "int_additive_groups",
        "int_additive_members",
        "int_anchor",
        "int_complete_periods",
        "int_customers",
        "int_event_counts",
        "int_event_rejections",
        "int_event_quality",
        "int_journey_areas",
        "int_listener_counts",
        "int_listener_dimensions",
        "int_listener_profiles",
        "int_listening",
        "int_distance",
        "int_long_traces",
        "int_table_cells",
        "int_withheld",
        "int_home",
        "int_overused_identifiers",
        "unplaced_events",
        "int_events_c",
        "int_events_without_stop",
        "int_recharges",
        "int_segment",
        "int_spells_by_level",
        "int_subscriber_segments",
        "int_suspicious",
        "rejected_events",
        "rejected_listener",
        "rejected_recharges",
    )
    if name.startswith("int_profile_"):
        views = ("_splits", "_values", "_activity_weeks", "_places", "_texts")
        return not name.endswith((*views, "_split_classes"))
    released = tuple(f"release_{mart}" for mart in ALL_MARTS)
    if name in BY_WEEK:
        return True
    return name.startswith((*of_people, *released, *BY_DATE, "published_cells"))


def test_a_build_makes_again_what_was_purged(server, landing):
    """As long as the files are there; no table that lost rows is taken for unchanged."""
    server.build_untested(landing, **FEEDS, **STUDY)
    assert_candidates(server, reference.expected(landing, **STUDY), reference.KEYS)


def test_at_last_nothing_is_left_but_what_is_published(server, landing):
    marts_before = published(server)
    done = purge(server, landing, as_of="2021-01-01")
    assert done.returncode == 0, done.stdout
    left = rows(server)
    # What builds wrote down about themselves, if another test ran one: no cell is in it.
    records = {
        "disclosure_relations",
        "mart_columns",
        "release_settings",
        "release_partitions",
        "release_checks",
        "release_plan",
    }
    assert {name for name, n_rows in left.items() if n_rows > 0} - records == {
        "cell_key_noise",
        "customer_codes",
        "distance_bands",
        "event_words",
        "int_area_list",
        "int_area_outlines",
        "int_area_pair_parents",
        "int_area_families",
        "int_area_parents",
        "int_areas",
        "int_areas_by_level",
        "int_cell_site_versions",
        "int_cells_checked",
        "int_cells_placed",
        "int_events_placed",  # a view of the landing files, which are the operator's
        "int_listener_groups",
        "int_profile_indicator_splits",
        "int_profile_split_classes",
        "int_site_cluster_outlines",
        "int_site_clusters",
        "int_study_periods",
        "int_study_window",
        "profile_indicators",
        "profile_splits",
    }
    assert published(server) == marts_before
    assert look(server, landing, retention_as_of="2021-01-01").returncode == 0
    # The tables are there, and empty: who reads them is told so.
    summary = run_throng("summary", env=server.env)
    assert "none: no event accepted" in summary.stdout
