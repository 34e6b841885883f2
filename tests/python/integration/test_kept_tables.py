"""A build makes the tables again of which something has changed, and keeps the others.

And it asks again the data tests of what has changed.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.python.conftest import PROJECT, WITHOUT_UNIT_TESTS, Server, change, copy_project
from throng.synth.listeners import ListenerSettings, generate_listeners

# A build a step; that the tables are right after each step, test_one_more_day asks in make test.
pytestmark = pytest.mark.long

AREAS = "area_id,area_level,area_name,parent_area_id\na1,district,A,\na2,district,B,\n"
CELLS = "cell_id,longitude,latitude,area_id,valid_from,valid_to\nc1,0,0,a1,,\nc2,1,1,a2,,\n"
EVENTS = "subscriber_id,event_at,cell_id\n" + "".join(
    f"s{person},2020-02-{day:02} {hour:02}:00:00,c{1 + (hour > 12)}\n"
    for person in range(20)
    for day in (3, 4)
    for hour in (9, 12, 18)
)
SELECTED = ["--select", "+candidate_count_stops", "+candidate_trip_distances"]
STOPS = {"int_stops", "int_journeys", "candidate_count_stops", "candidate_trip_distances"}
SEEDS = {path.stem for path in (PROJECT / "seeds").glob("*.csv")}  # loaded by every build


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    for name, text in {"areas": AREAS, "cell_sites": CELLS, "events": EVENTS}.items():
        (folder / name).mkdir()
        (folder / name / "file.csv").write_text(text)
    return folder


@pytest.fixture(scope="module")
def made_anew(server, landing):
    """Run the models, and say whose files are others than before."""
    files: dict[str, set[str]] = {}

    def run(*options: str, project: Path = PROJECT, **dbt_vars) -> set[str]:
        server.build_untested(landing, *SELECTED, *options, project=project, **dbt_vars)
        before = dict(files)
        files.update(files_of_tables(server))
        return {name for name, found in files.items() if found != before.get(name)}

    run("--full-refresh")
    return run


def files_of_tables(server: Server) -> dict[str, set[str]]:
    """Spark gives every file that it writes a name of its own."""
    protected = server.warehouse / "tables" / "protected.db"
    return {
        table.name: {file.name for file in table.rglob("*.parquet")}
        for table in protected.iterdir()
        if table.name not in SEEDS
    }


def test_nothing_has_changed(made_anew):
    assert made_anew() == set()


def test_a_var(made_anew):
    made = made_anew(stop_radius_km=2.0)
    assert made >= STOPS
    assert not made & {"int_events_checked", "int_cell_visits", "int_home_areas"}
    assert made_anew(stop_radius_km=2.0) == set()
    assert made_anew() == made


def test_a_list(made_anew, landing):
    """A value that moves to the next column, where a hash of columns would see no difference."""
    cells = landing / "cell_sites" / "file.csv"
    cells.write_text(CELLS.replace("a2,,", "a2,2020-02-04,"))
    assert made_anew() >= {"int_cell_site_versions", "int_events_checked", *STOPS}
    cells.write_text(CELLS.replace("a2,,", "a2,,2020-02-04"))
    assert made_anew() >= {"int_cell_site_versions", "int_events_checked", *STOPS}


def test_one_event_more(made_anew, landing):
    (landing / "events" / "late.csv").write_text(
        "subscriber_id,event_at,cell_id\ns1,2020-02-04 20:00:00,c1\n"
    )
    made = made_anew()
    assert made >= {"int_events_checked", "int_cell_visits", *STOPS}
    assert not made & {"int_cell_site_versions", "int_areas_by_level", "int_area_list"}


def test_a_table_that_has_gone(made_anew, server):
    server.query("drop table protected.int_journeys")
    made = made_anew()
    assert made == {"int_journeys"}, "what is made of it is made of the same as before"


@pytest.fixture
def project(tmp_path) -> Path:
    return copy_project(tmp_path)


def test_a_select(made_anew, project):
    """And what is made of it, for its rows may be others."""
    model = project / "models/intermediate/trajectories/int_journeys.sql"
    change(model, "final as (", "final as ( -- as before")
    assert made_anew(project=project) == {"int_journeys", "candidate_trip_distances"}
    assert made_anew() == {"int_journeys", "candidate_trip_distances"}


def test_a_seed(made_anew, project):
    change(project / "seeds/distance_bands.csv", "\n5,10\n", "\n5,11\n")
    assert made_anew(project=project) == {"candidate_trip_distances"}
    assert made_anew() == {"candidate_trip_distances"}


def test_the_code_of_a_python_function(made_anew, project):
    """Its hash is a setting of the server; other code has another."""
    change(
        project / "macros/kept/made_of.sql", "'set spark.throng.functions'", "\"select 1, 'other'\""
    )
    made = made_anew(project=project)
    assert made >= STOPS
    # The areas are made with one, and nearly all tables are made of them. Not so the days read.
    assert not made & {"int_events_checked"}


def test_a_view_that_breaks_its_contract_ends_the_build(server, landing, project):
    """And is not taken for made, until it keeps it."""
    change(project / "models/serving/releases.sql", "sum(n_rows) as n_rows", "1.5D as n_rows")
    releases = ("run", "--select", "releases")
    for _ in range(2):
        done = server.dbt(*releases, landing=landing, project=project)
        assert done.returncode == 1
        assert "The columns of marts.releases are not those of its contract" in done.stdout
        assert "The contract has alone: n_rows bigint. The select has alone: n_rows double" in (
            " ".join(done.stdout.split())
        )
    assert server.dbt(*releases, landing=landing).returncode == 0
    assert ("n_rows", "bigint") in {row[:2] for row in server.query("describe marts.releases")}


def test_listening_events_and_customers(server, landing, tmp_path):
    for name in ("areas", "cell_sites", "events"):
        shutil.copytree(landing / name, tmp_path / name)
    feed = ListenerSettings(events=400, customers=30, start=date(2020, 2, 3), days=2, seed=1)
    generate_listeners(feed, tmp_path)

    def build() -> dict[str, set[str]]:
        chosen = ["--select", "+candidate_listener_summary"]
        server.build_untested(tmp_path, *chosen, feeds=["listening"])
        return {name: files for name, files in files_of_tables(server).items() if "list" in name}

    first = build()
    assert {"int_listening_events", "candidate_listener_summary"} < set(first)
    assert build() == first, "nothing has changed"
    [events] = (tmp_path / "listening_events").rglob("*.csv*")
    events.rename(events.with_name(f"later_{events.name}"))
    later = build()
    made = {name for name in later if later[name] != first[name]}
    assert made >= {"int_listening_events", "int_listener_counts", "candidate_listener_summary"}


JOURNEYS = "int_journeys_primary_key"


@pytest.fixture
def passes(server, landing):
    """Build journeys with their test, and say whether it passes."""

    def build(command: str = "build", *options: str, **dbt_vars) -> bool:
        chosen = ("--select", "int_journeys", *WITHOUT_UNIT_TESTS)
        done = server.dbt(command, *chosen, *options, landing=landing, **dbt_vars)
        assert re.search(rf"(PASS|FAIL 1) {JOURNEYS}", done.stdout), done.stdout
        return done.returncode == 0

    return build


A_JOURNEY_TWICE = "insert into protected.int_journeys select * from protected.int_journeys limit 1"


def test_what_has_passed_is_asked_again_when_something_has_changed(made_anew, passes, server):
    made_anew()
    assert passes()
    # Behind dbt's back: it cannot know that the table is another one.
    server.query(A_JOURNEY_TWICE)
    assert passes(), "a build does not ask what has passed on the same tables"
    assert not passes("test"), "but whoever asks for tests has them asked"
    assert passes("build", "--full-refresh"), "the table was made again"
    server.query(A_JOURNEY_TWICE)
    assert passes(stop_radius_km=2.0), "and now of other stops"
    server.query(A_JOURNEY_TWICE)
    assert passes(stop_radius_km=2.0)
    assert not passes("test", stop_radius_km=2.0)


def test_a_test_that_has_another_text_is_asked_again(made_anew, passes, server, project, landing):
    made_anew()
    assert passes()
    change(project / "tests/generic/primary_key.sql", "having count(*) > 1", "having count(*) > 0")
    chosen = ("--select", "int_journeys", *WITHOUT_UNIT_TESTS)
    done = server.dbt("build", *chosen, landing=landing, project=project)
    assert re.search(rf"FAIL \d+ {JOURNEYS}", done.stdout), done.stdout
    done = server.dbt("build", *chosen, landing=landing, project=project)
    assert re.search(rf"FAIL \d+ {JOURNEYS}", done.stdout), "what has failed is asked again"
