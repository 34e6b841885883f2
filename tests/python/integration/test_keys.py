"""Keys through the server: a study is under one key, and a destroyed key is refused."""

from __future__ import annotations

import pytest

from tests.python.conftest import WITHOUT_UNIT_TESTS, copy_project, run_throng
from tests.python.support.tiny_landing import AREAS, CELLS, stopped_with

CHANGE = "2020-01-01"
BEFORE = {"study_start": "2019-12-18", "study_end": "2019-12-31"}
AFTER = {"study_start": "2020-01-01", "study_end": "2020-01-14"}
STUDY = {"study_start": "2019-12-18", "study_end": "2020-01-14"}
EVENTS = """subscriber_id,event_at,cell_id,counterpart_id
ada,2019-12-31 23:59:59,c1,ben
ada,2020-01-01 00:00:00,c1,ben
ben,2019-12-30 10:00:00,c1,ada
ben,2019-12-30 10:00:00,c1,ada
ben,2020-01-10 10:00:00,c1,ada
ben,2019-12-30 10:00:00,c9,ada
ben,2019-12-30 10:00:00,,ada
ben,2009-12-30 10:00:00,c1,ada
ben,soon,c1,ada
ben,,c1,ada
,2019-12-30 10:00:00,c1,ada
ben,2019-12-30 10:00:00
"""


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """Two people on both sides of the change, and a row for every reason to reject one."""
    folder = tmp_path_factory.mktemp("landing")
    for name, text in {"events": EVENTS, "cell_sites": CELLS, "areas": AREAS}.items():
        (folder / name).mkdir()
        (folder / name / "file.csv").write_text(text)
    return folder


@pytest.fixture
def two_keys(server):
    """k1 until the end of 2019, k2 from 2020 on, for as long as the test; the server runs on."""
    before = server.key_file.read_text()
    done = run_throng("keys", "rotate", "--from", CHANGE, env=server.env)
    assert done.returncode == 0, done.stderr
    yield server.keys()
    server.key_file.write_text(before)


def homes_of_the_study(server, landing, study, *others: str) -> set[tuple[int, str]]:
    select = ["run", "--select", "+int_home_areas", "int_area_visits", *others]
    done = server.dbt(*select, landing=landing, **study)
    assert done.returncode == 0, done.stdout
    return set(server.query("select distinct subscriber_id, key_id from protected.int_home_areas"))


@pytest.mark.long
def test_one_person_is_two_ids_in_the_studies_of_two_keys(server, landing, two_keys):
    first = homes_of_the_study(server, landing, BEFORE)
    second = homes_of_the_study(server, landing, AFTER)
    assert first == {(server.pseudonym(who, "k1"), "k1") for who in ("ada", "ben")}
    assert second == {(server.pseudonym(who, "k2"), "k2") for who in ("ada", "ben")}
    assert not {who for who, _ in first} & {who for who, _ in second}


@pytest.fixture
def nobody_yet(server):
    """No table holds subscribers of another file of tests, which may have run before."""
    if not server.query("show schemas like 'protected'"):
        return
    views = {row[1] for row in server.query("show views in protected")}
    columns = {
        name: {column for column, *_ in server.query(f"describe protected.{name}")}
        for _, name, *_ in server.query("show tables in protected")
    }
    for name in columns:
        if "subscriber_id" in columns[name]:
            server.query(f"drop {'view' if name in views else 'table'} protected.{name}")


@pytest.mark.long
def test_key_id_is_beside_every_pseudonym(server, landing, two_keys, nobody_yet):
    seeds = ("profile_splits", "profile_indicators")
    seeded = server.dbt("seed", "--select", *seeds, landing=landing, **BEFORE)
    assert seeded.returncode == 0, seeded.stdout
    stops = ("int_stop_areas", "+int_labelled_stays", "+int_journey_areas", "+int_known_hours")
    stops += ("int_day_paths", "int_area_spells")
    profiles = ("+int_subscriber_segments", "+int_profile_study_values")
    homes_of_the_study(server, landing, BEFORE, *stops, *profiles)
    found = server.query(
        "select reject_reason, count(subscriber_id), count(counterpart_id), count(key_id) "
        "from protected.int_events_checked group by all"
    )
    # A row that staging rejects has none of the three; the others have all.
    assert {reason: counts for reason, *counts in found} == {
        None: [4, 4, 4],
        "duplicate": [1, 1, 1],
        **{
            reason: [0, 0, 0]
            for reason in (
                "malformed_row",
                "missing_subscriber",
                "missing_time",
                "unparsable_time",
                "outside_study",
            )
        },
    }
    filled = set()
    # Other tests of this server had optional feeds; what they left is of their landing folders.
    feeds = ("recharge", "listen", "customer")
    for schema in ("staging", "protected"):
        for row in server.query(f"show tables in {schema}"):
            if any(feed in row[1] for feed in feeds):
                continue
            table = f"{schema}.{row[1]}"
            columns = {name for name, *_ in server.query(f"describe {table}")}
            if "subscriber_id" not in columns:
                continue
            found = server.query(
                f"select distinct key_id from {table} where subscriber_id is not null"
            )
            assert found in ([("k1",)], []), table
            if found:
                filled.add(row[1])
            [(n_unkeyed,)] = server.query(
                f"select count(*) from {table} where subscriber_id is null and key_id is not null"
            )
            assert n_unkeyed == 0, table
    # All but what needs a stay, a call or a text: two people with an event each have none.
    assert filled == {
        "stg_landing__events",
        "int_events_checked",
        "int_events_placed",
        "int_events_accepted",
        "int_events_located",
        "int_cell_visits",
        "int_area_visits",
        "int_day_end_areas",
        "int_day_paths",
        "int_area_spells",
        "int_home_areas",
        "int_stops",
        "int_stop_areas",
        "int_profile_events",
        "int_profile_half_hours",
        "int_profile_place_splits",
        "int_profile_places",
        "int_profile_homes",
        "int_profile_cells",
        "int_profile_cells_values",
        "int_profile_gyration",
        "int_profile_churn",
        "int_profile_split_values",
        "int_profile_study_values",
        "int_subscriber_profiles",
    }


@pytest.mark.parametrize(
    ("study", "window"),
    [
        (STUDY, "2019-12-18 to 2020-01-14"),
        ({}, "all data"),
        pytest.param(
            {"study_start": "2019-12-31"}, "2019-12-31 to the last", marks=pytest.mark.long
        ),
        pytest.param({"study_end": CHANGE}, f"the first event to {CHANGE}", marks=pytest.mark.long),
    ],
    ids=str,
)
def test_a_study_across_two_keys_stops_before_any_model(server, landing, two_keys, study, window):
    said = stopped_with(server.dbt("build", landing=landing, **study))
    assert said == (
        f"The study window ({window}) holds a change of key on {CHANGE} (to k2), and nobody can be "
        "followed from one key to the next: set study_start and study_end to one side of it."
    )


@pytest.mark.long
def test_a_pseudonymous_feed_has_no_key_to_cross(server, landing, two_keys):
    select = ["run", "--select", "+int_study_window"]
    done = server.dbt(*select, landing=landing, pseudonymise=False)
    assert done.returncode == 0, done.stdout


def destroy(server, key_id: str) -> None:
    done = run_throng("keys", "destroy", key_id, "--yes", env=server.env)
    assert done.returncode == 0, done.stderr


def test_a_destroyed_key_is_refused(server, landing, two_keys):
    destroy(server, "k1")
    said = stopped_with(server.dbt("build", landing=landing, **BEFORE))
    assert said == (
        "The key k1 has been destroyed: events up to 2019-12-31 can never have pseudonyms again. "
        "Set study_start and study_end to others."
    )
    with pytest.raises(Exception, match="The key k1 has been destroyed"):
        server.query("select pseudonymise('x', date'2019-12-31')")


@pytest.mark.long
def test_the_successor_of_a_destroyed_key_goes_on(server, landing, two_keys):
    homes_of_the_study(server, landing, AFTER)
    destroy(server, "k1")
    # The files still hold events of 2019: outside the study, they ask for no key.
    assert {key_id for _, key_id in homes_of_the_study(server, landing, AFTER)} == {"k2"}


def test_a_keyring_that_cannot_be_read_stops_with_a_sentence(server, landing):
    before = server.key_file.read_text()
    server.key_file.chmod(0o644)
    try:
        said = stopped_with(server.dbt("build", landing=landing, **STUDY))
        assert said == f"Others can read the keyring {server.key_file}: run chmod 600 on it."
        server.key_file.chmod(0o600)
        server.key_file.write_text("k1 0001-01-01 secret")
        said = stopped_with(server.dbt("build", landing=landing, **STUDY))
        assert said.startswith(f"Line 1 of the keyring {server.key_file} is no key")
    finally:
        server.key_file.write_text(before)
        server.key_file.chmod(0o600)


@pytest.mark.long
def test_without_the_check_the_tests_fail(server, landing, two_keys, tmp_path):
    """Two keys in one study, as if a key were rotated in the middle of a build."""
    project = copy_project(tmp_path)
    (project / "macros/checks/check_keys.sql").write_text("{% macro check_keys() %}{% endmacro %}")
    options = {"landing": landing, "project": project, **STUDY}
    arguments = ["build", "--select", "+int_home_areas", *WITHOUT_UNIT_TESTS]
    done = server.dbt(*arguments, **options)
    assert done.returncode == 1
    assert "FAIL 1 assert_one_key_per_study" in done.stdout, done.stdout
    assert "SKIP relation protected.int_home_areas" in done.stdout, done.stdout
    # Nor does the test of windows pass what has been built all the same.
    server.dbt("run", "--select", "+int_home_areas", **options)
    done = server.dbt("test", "--select", "assert_one_key_per_window", **options)
    # Both together; the study, the reference period and the week of New Year (months are whole).
    assert "FAIL 4 assert_one_key_per_window" in done.stdout, done.stdout
    # Homes of one key beside events of the next, each of one key: built apart.
    server.dbt("run", "--select", "+int_home_areas", landing=landing, **BEFORE)
    server.dbt("run", "--select", "+int_events_checked", landing=landing, **AFTER)
    done = server.dbt("test", "--select", "assert_one_key_per_window", landing=landing, **AFTER)
    assert "FAIL 1 assert_one_key_per_window" in done.stdout, done.stdout


@pytest.mark.long
def test_no_key_is_in_what_dbt_and_the_server_write(server, landing, two_keys):
    homes_of_the_study(server, landing, AFTER)
    files = [path for path in server.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    written = [path for path in files if {"target", "logs", "server"} & set(path.parts)]
    written = [path for path in written if path != server.key_file and "jars" not in path.parts]
    assert any(path.name == "server.log" for path in written)
    for path in written:
        text = path.read_bytes()
        for secret in two_keys.values():
            assert secret not in text, path
            assert secret.hex().encode() not in text, path
