"""Files that come one after the other give the tables that all of them give at once.

The edge country lands piece by piece: later files reach into days of earlier ones, and repeat rows
of them. After each step the tables are compared with the second engine over what has landed so far.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from pathlib import Path

import pytest

from tests.python.conftest import Server
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import DECEMBER, JANUARY, LATE, NORTH, STUDY
from tests.python.support.tables import assert_candidates, assert_rejected, assert_rows_read
from tests.python.support.tiny_landing import AREAS, CELLS

# One file more after a killed run is in make test: test_country_counted_again.py.
pytestmark = pytest.mark.long

MARTS = (
    "count_events",
    "od_matrix_directed_consecutive_pairs",
    "od_matrix_undirected_all_pairs",
    "total_subscribers",
)
BY_DAY = (
    "int_events_checked",
    "int_cell_visits",
    "int_area_spells",
    "int_area_visits",
    "int_area_hours",
    "int_day_end_areas",
    "candidate_od_matrix_directed_consecutive_pairs",
    "candidate_od_matrix_undirected_all_pairs",
)
SELECTED = ["--select", "rejected_events", *(f"+candidate_{mart}" for mart in MARTS)]


@pytest.fixture(scope="module")
def country(tmp_path_factory) -> Path:
    """Everything that will land at some time."""
    folder = tmp_path_factory.mktemp("country")
    edge_country.write_edge_country(folder)
    return folder


@pytest.fixture(scope="module")
def landing(country, tmp_path_factory) -> Path:
    """What has landed: the lists of places, and no events yet."""
    folder = tmp_path_factory.mktemp("landing")
    for name in ("cell_sites", "areas"):
        shutil.copytree(country / name, folder / name)
    (folder / "events").mkdir()
    return folder


def land(country: Path, landing: Path, *names: str) -> None:
    for name in names:
        (landing / "events" / name).parent.mkdir(exist_ok=True)
        shutil.copy(country / "events" / name, landing / "events" / name)


def run(server: Server, landing: Path, *options: str, **dbt_vars) -> None:
    done = server.dbt("run", *SELECTED, *options, landing=landing, **{**STUDY, **dbt_vars})
    assert done.returncode == 0, done.stdout


def versions(server: Server, name: str) -> dict[str, list[str]]:
    """The readings of each day that are in a table."""
    found: dict[str, list[str]] = {}
    for [partition] in server.query(f"show partitions protected.{name}"):
        day, version = (part.split("=")[1] for part in partition.split("/"))
        found.setdefault(day, []).append(version)
    return found


def made_anew(before: dict, after: dict) -> set[str]:
    return {day for day in after if after[day] != before.get(day) and not day.startswith("__")}


def assert_as_at_once(server: Server, landing: Path, **dbt_vars) -> None:
    """The tables are those that the second engine finds in what has landed."""
    expected = reference.expected(landing, **{**STUDY, **dbt_vars})
    assert_candidates(server, expected, MARTS)
    assert_rejected(server, expected)
    assert_rows_read(server, expected)
    days = versions(server, "int_events_checked")
    assert {len(found) for found in days.values()} == {1}
    for name in BY_DAY[1:]:
        assert versions(server, name).items() <= days.items(), name


def rows_of(path: Path) -> list[list[str]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(text.decode())))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_the_second_month_comes_first(server, country, landing):
    land(country, landing, NORTH, JANUARY)
    run(server, landing)
    assert_as_at_once(server, landing)


def test_a_month_more_with_days_that_are_known(server, country, landing):
    """And with copies of rows: one file of them has a name that comes before its original's."""
    before = versions(server, "int_events_checked")
    header, *rows = rows_of(country / "events" / DECEMBER)
    copied = [row for row in rows if row[1:2] and row[1].startswith("2019-12-23 09:")][:5]
    assert len(copied) == 5
    write(landing / "events" / "zz tomorrow.csv", [header, *copied])
    land(country, landing, DECEMBER)
    run(server, landing)
    assert_as_at_once(server, landing)
    # The file of the north has one day of December; the day is written again, January is not.
    after = versions(server, "int_events_checked")
    assert "2019-12-27" in made_anew(before, after) & before.keys()
    # What comes after the last day of that file has not been touched.
    assert max(made_anew(before, after)) < max(day for day in after if day < "9")
    assert len(made_anew(before, after)) < len(after) - 5


def test_a_file_of_copies_touches_their_day_alone(server, country, landing):
    header, *rows = rows_of(landing / "events" / "zz tomorrow.csv")
    write(landing / "events" / "0 yesterday.csv", [header, *rows[:2]])
    before = versions(server, "int_events_checked")
    run(server, landing)
    assert_as_at_once(server, landing)
    assert made_anew(before, versions(server, "int_events_checked")) == {"2019-12-23"}


def test_nothing_new_writes_nothing(server, landing):
    before = {name: versions(server, name) for name in BY_DAY}
    run(server, landing)
    assert {name: versions(server, name) for name in BY_DAY} == before


def test_former_days_that_a_killed_build_has_left_are_not_counted(server, landing):
    """As if it had been killed when the new days were complete and the former ones still there."""
    for name in ("int_events_checked", "int_cell_visits"):
        server.query(
            f"insert into protected.{name} select * except (events_version), events_version - 1 "
            f"from protected.{name} where event_date = '2019-12-23'"
        )
        assert len(versions(server, name)["2019-12-23"]) == 2
    run(server, landing)
    assert_as_at_once(server, landing)


def test_files_that_go_and_files_that_change(server, country, landing):
    land(country, landing, LATE)
    run(server, landing)
    assert_as_at_once(server, landing)
    (landing / "events" / "0 yesterday.csv").unlink()
    (landing / "events" / LATE).unlink()
    header, *rows = rows_of(landing / "events" / JANUARY)
    write(landing / "events" / JANUARY, [header, *rows[1:]])
    run(server, landing)
    assert_as_at_once(server, landing)


def test_a_month_that_goes_leaves_no_day(server, landing):
    (landing / "events" / JANUARY).unlink()
    run(server, landing)
    assert_as_at_once(server, landing)


def test_another_study_window_and_another_list_of_cells_are_read_anew(server, landing):
    run(server, landing, study_start="2019-12-20")
    assert_as_at_once(server, landing, study_start="2019-12-20")
    cells = landing / "cell_sites" / "cell_sites.csv"
    header, *rows = rows_of(cells)
    write(cells, [header, *[row for row in rows if row[0] != "N17"]])
    run(server, landing)
    assert_as_at_once(server, landing)


def test_at_once_is_the_same(server, landing):
    before = {mart: _content(server, mart) for mart in MARTS}
    run(server, landing, "--full-refresh")
    assert {mart: _content(server, mart) for mart in MARTS} == before
    assert_as_at_once(server, landing)


def _content(server: Server, mart: str) -> list[tuple]:
    return sorted(
        server.query(
            f"select * except (event_date, events_version) from protected.candidate_{mart}"
            if f"candidate_{mart}" in BY_DAY
            else f"select * from protected.candidate_{mart}"
        ),
        key=str,
    )


def test_nothing_stays_of_a_file_that_has_gone(server, tmp_path):
    """Of a day, of rejected rows and of copies that were only in it or only because of it."""
    header = "subscriber_id,event_at,cell_id\n"
    events = tmp_path / "events"
    for name, text in {
        "areas/areas.csv": AREAS,
        "cell_sites/cells.csv": CELLS,
        "events/a.csv": header + "1,2019-12-20 10:00:00,c1\n2,2019-12-20 11:00:00,c1\n",
        "events/b.csv": header + "2,2019-12-20 11:00:00,c1\n3,2019-12-22 10:00:00,c1\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def rows() -> list[tuple]:
        run(server, tmp_path)
        return sorted(
            server.query(
                "select source_file, cast(event_at as string), reject_reason "
                "from protected.int_events_checked"
            )
        )

    first, second, third = (f"2019-12-{day}:00:00" for day in ("20 10", "20 11", "22 10"))
    copy = ("b.csv", second, "duplicate")
    assert rows() == [("a.csv", first, None), ("a.csv", second, None), copy, ("b.csv", third, None)]
    (events / "a.csv").unlink()
    assert rows() == [("b.csv", second, None), ("b.csv", third, None)]
    (events / "c.csv").write_text(header + "4,2019-12-24 10:00:00,c1\n")
    assert len(rows()) == 3
    (events / "c.csv").unlink()
    assert rows() == [("b.csv", second, None), ("b.csv", third, None)]
    assert "2019-12-24" not in versions(server, "int_cell_visits")


def test_a_reading_that_was_not_finished_is_done_once_more(server, landing):
    """As if a build had been killed when it had written a part of its days."""
    run(server, landing)
    [[day, version]] = server.query(
        "select cast(event_date as string), max(events_version) from protected.int_events_checked "
        "where event_date is not null group by event_date order by event_date limit 1"
    )
    server.query("create table protected.event_reading (event_date date, events_version bigint)")
    server.query(f"insert into protected.event_reading values (date'{day}', {version + 1})")
    server.query(
        "insert into protected.int_events_checked select 'half.csv' as source_file, "
        f"* except (source_file, events_version), {version + 1} as events_version "
        f"from protected.int_events_checked where event_date = '{day}'"
    )
    run(server, landing)
    assert not server.query(
        "select 1 from protected.int_events_checked where source_file = 'half.csv'"
    )
