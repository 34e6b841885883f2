"""A feed of recharges lands, in the operator's own form, is late, and is gone again."""

from __future__ import annotations

import re
import shutil
from datetime import datetime

import pandas as pd
import pytest

from tests.python.conftest import copy_project

EVENTS = "subscriber_id,event_at,cell_id\nada,2020-02-03 10:00:00,c1\n"
COLUMNS = {"subscriber_id": "caller_id", "recharge_at": "timestamp"}
STUDY = {
    "study_start": "2020-02-01",
    "study_end": "2020-02-29",
    "recharge_columns": COLUMNS,
    "feeds": ["recharges"],
}
MUTANTS = [
    (
        "staging/landing/stg_landing__recharges.sql",
        "amount between 0 and 9999999",
        "amount is not null",
        "first_reason_of_a_recharge_wins",
    ),
    (
        "intermediate/events/int_recharges_checked.sql",
        "                amount\n            order",
        "                source_file\n            order",
        "one_of_equal_recharges_counts",
    ),
    (
        "intermediate/events/rejected_recharges.sql",
        "where event_date is null",
        "where reject_reason <> 'outside_study'",
        "assert_every_recharge_is_accounted_for",
    ),
    (
        "intermediate/phone_use/int_profile_recharges.sql",
        "0.8 * amount_all",
        "0.8D * amount_all",
        "the_largest_recharges_make_four_fifths",
    ),
    (
        "intermediate/phone_use/int_profile_balances.sql",
        "* greatest(1, timestampdiff(day, recharge_at, next_at))",
        "* least(1, timestampdiff(day, recharge_at, next_at))",
        "a_recharge_lasts_until_the_next",
    ),
    (
        "intermediate/phone_use/int_profile_balances.sql",
        "        key_id,\n        sum(",
        "        min('k2') as key_id,\n        sum(",
        "assert_one_key_per_profile",
    ),
]
PROFILES = ["+int_subscriber_profiles", "rejected_recharges"]
#: The feed alone: its indicators before they join those of the events.
INDICATORS = ["+int_profile_recharges_values", "+int_profile_balances", "rejected_recharges"]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    for name, text in {
        "events/a.csv": EVENTS,
        "cell_sites/c.csv": "cell_id,longitude,latitude,area_id\nc1,0,0,a1\n",
        "areas/a.csv": "area_id,area_level,area_name,parent_area_id\na1,district,A,\n",
    }.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "recharges").mkdir()
    return folder


def write(path, *rows) -> None:
    """As an operator may: other names, a column we do not use, times as times, money as floats."""
    frame = pd.DataFrame(rows, columns=["caller_id", "amount", "timestamp"])
    frame["timestamp"] = frame["timestamp"].map(datetime.fromisoformat).astype("datetime64[us]")
    frame.assign(shop="corner").to_parquet(path, index=False)


def checked(server) -> set[tuple]:
    return set(
        server.query(
            "select source_file, subscriber_id, key_id, cast(amount as string), "
            "cast(recharge_at as string), cast(event_date as string), reject_reason "
            "from protected.int_recharges_checked"
        )
    )


def recharge_indicators(server) -> dict[str, float | None]:
    """Of the study, by subscriber and name."""
    return {
        (who, f"{indicator} {statistic}"): value
        for who, indicator, statistic, value in server.query(
            "select subscriber_id, indicator, statistic, value "
            "from protected.int_subscriber_profiles where indicator like '%recharges' "
            "and groupby = 'study' and part_of_week = 'allweek' and part_of_day = 'allday'"
        )
    }


def test_recharges_land(server, landing):
    write(
        landing / "recharges" / "a.parquet",
        ("ada", 2.5, "2020-02-03 10:00:00"),
        ("ada", 4.0, "2020-02-05 11:00:00"),
        ("ada", 2.5, "2020-01-31 23:59:59"),
        ("bob", 9.99, "2020-02-29 23:59:59"),
    )
    server.build_untested(landing, "--select", *INDICATORS, **STUDY)
    ada, bob = server.pseudonym("ada"), server.pseudonym("bob")
    file = "a.parquet"
    assert checked(server) == {
        (file, ada, "k1", "2.5000", "2020-02-03 10:00:00", "2020-02-03", None),
        (file, ada, "k1", "4.0000", "2020-02-05 11:00:00", "2020-02-05", None),
        (file, bob, "k1", "9.9900", "2020-02-29 23:59:59", "2020-02-29", None),
        (file, None, None, None, "2020-01-31 23:59:59", None, "outside_study"),
    }
    assert server.query("select * from protected.rejected_recharges") == [
        (file, "outside_study", "2020-01-31 23:59:59")
    ]
    found = {
        (who, f"{indicator} {statistic}"): value
        for who, indicator, statistic, value in server.query(
            """
            select subscriber_id, indicator, statistic, value
            from protected.int_profile_recharges_values
            inner join protected.profile_splits using (split_id)
            where groupby = 'study' and part_of_week = 'allweek' and part_of_day = 'allday'
            """
        )
    }
    of_bob = {"amount_recharges mean": 9.99, "amount_recharges std": 0.0}
    of_bob |= {"interevent_time_recharges mean": None, "interevent_time_recharges std": None}
    of_bob |= {"number_of_recharges value": 1.0, "percent_pareto_recharges value": 1.0}
    assert {name: value for (who, name), value in found.items() if who == bob} == of_bob
    assert found[ada, "interevent_time_recharges mean"] == 49 * 3600
    balances = server.query(
        "select subscriber_id, average_balance_recharges from protected.int_profile_balances"
    )
    assert dict(balances) == {ada: 2.5 * 2 / 2 / 2, bob: None}


@pytest.mark.long
def test_late_recharges_count(server, landing):
    """A file that comes later, with a copy of what has been read."""
    late = landing / "recharges" / "late"
    late.mkdir()
    write(
        late / "b.parquet", ("ada", 4.0, "2020-02-05 11:00:00"), ("bob", 1, "2020-02-01 00:00:00")
    )
    server.build_untested(landing, "--select", *PROFILES, **STUDY)
    found = [row for row in checked(server) if row[0] == "late/b.parquet"]
    assert {(row[1], row[-1]) for row in found} == {
        (server.pseudonym("ada"), "duplicate"),
        (server.pseudonym("bob"), None),
    }
    ada, bob = server.pseudonym("ada"), server.pseudonym("bob")
    indicators = recharge_indicators(server)
    assert indicators[bob, "number_of_recharges value"] == 2
    assert indicators[ada, "number_of_recharges value"] == 2
    assert indicators[ada, "average_balance_recharges value"] == 2.5 * 2 / 2 / 2


@pytest.mark.long
def test_the_tests_can_fail(server, landing, tmp_path):
    """Each defence taken away is seen by its test; with all of them none complains."""
    project = copy_project(tmp_path)
    names = set()
    for file, defence, mutant, seen_by in MUTANTS:
        path = project / "models" / file
        text = path.read_text()
        assert text.count(defence) == 1, file
        path.write_text(text.replace(defence, mutant))
        names.add(seen_by)
    server.build_untested(landing, "--select", *PROFILES, project=project, **STUDY)
    done = server.dbt("test", "--select", *names, landing=landing, project=project, **STUDY)
    assert set(re.findall(r" of \d+ FAIL \d+ (?:\w+::)?(\w+)", done.stdout)) == names, done.stdout
    server.build_untested(landing, "--select", *PROFILES, **STUDY)
    done = server.dbt("test", "--select", *names, landing=landing, **STUDY)
    assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_without_the_feed_there_is_nothing(server, landing):
    shutil.rmtree(landing / "recharges")
    server.build_untested(landing, "--select", *PROFILES, **STUDY)
    assert checked(server) == set()
    assert server.query("select * from protected.rejected_recharges") == []
    assert recharge_indicators(server) == {}
    [(n_others,)] = server.query("select count(*) from protected.int_subscriber_profiles")
    assert n_others > 0
