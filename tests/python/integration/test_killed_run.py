"""A run that is killed, with its server, and run again gives what an undisturbed run gives.

And so does a file that lands after it; all that one more file can do is in test_one_more_day.py.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.python.conftest import Server, dbt_command
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import JANUARY, LATE, STUDY
from tests.python.support.killing import killed, leave_half_tables
from tests.python.support.tables import assert_candidates, assert_rows_read

# The build of the synthetic country, in make test, is killed once too.
pytestmark = pytest.mark.long

MARTS = ("count_events", "count_residents", "count_subscribers")
# As much as it takes to be in the middle of something.
SELECTED = ["--select", *(f"+candidate_{mart}" for mart in MARTS)]


def kill_in_the_middle(
    server: Server, landing: Path, after: str, *, and_server: bool, seconds_later: float = 0
) -> None:
    """Start a build, and kill dbt (and the server) some time after its log has the line `after`."""
    command = dbt_command(
        "run",
        *SELECTED,
        "--vars",
        json.dumps({**STUDY, "subscriber_buckets": 1}),
        target=server.folder / "killed",
        logs=server.folder / "killed",
    )
    env = {**server.env, "THRONG_LANDING": str(landing)}
    killed(server, command, env, after, and_server=and_server, seconds_later=seconds_later)


def assert_run_again_is_right(server: Server, landing: Path) -> None:
    """A build in peace gives what the second engine finds, every row of every file once."""
    done = server.dbt("run", *SELECTED, landing=landing, **STUDY)
    assert done.returncode == 0, done.stdout
    expected = reference.expected(landing, **STUDY)
    assert_candidates(server, expected, MARTS)
    assert_rows_read(server, expected)


@pytest.mark.parametrize("kills", [1, 2])
def test_killed_and_run_again_and_a_file_more(own_server, tmp_path, kills):
    """The last file has days that are known, and copies of their rows."""
    landing = tmp_path / "landing"
    edge_country.write_edge_country(landing)
    own_server.start()
    own_server.seed(landing)
    away = tmp_path / "away"
    away.mkdir()

    def lands(name: str) -> None:
        (away / Path(name).name).rename(landing / "events" / name)

    for name in [LATE, *([JANUARY] if kills == 2 else [])]:
        (landing / "events" / name).rename(away / Path(name).name)
    if kills == 2:
        # Only dbt, when a first file has been read and its marts are being made.
        making = "START sql kept_table model protected.candidate_count_subscribers"
        kill_in_the_middle(own_server, landing, making, and_server=False)
        lands(JANUARY)
    # dbt and the server, while files are being read.
    reading = "START sql incremental model protected.int_events_checked"
    kill_in_the_middle(own_server, landing, reading, and_server=True)
    strays = leave_half_tables(own_server)
    own_server.start()
    assert not [stray for stray in strays if stray.parent.exists()]
    done = own_server.dbt("run", *SELECTED, landing=landing, **STUDY)
    assert done.returncode == 0, done.stdout
    lands(LATE)
    assert_run_again_is_right(own_server, landing)


def test_killed_at_any_moment_again_and_again(own_server, tmp_path):
    """Before each build a piece of the files lands, with copies of rows of earlier pieces."""
    country, landing = tmp_path / "country", tmp_path / "landing"
    edge_country.write_edge_country(country)
    for name in ("cell_sites", "areas"):
        shutil.copytree(country / name, landing / name)
    (landing / "events").mkdir()
    own_server.start()
    own_server.seed(landing)
    header, *lines = (country / "events" / JANUARY).read_text().splitlines(keepends=True)
    moments = random.Random(12)
    n_pieces = 6
    for piece in range(n_pieces):
        rows = lines[piece::n_pieces] + lines[: 5 * piece]
        (landing / "events" / f"{piece}.csv").write_text("".join([header, *rows]))
        and_server = piece % 3 == 2
        kill_in_the_middle(
            own_server,
            landing,
            "START sql incremental model protected.int_events_checked",
            and_server=and_server,
            seconds_later=moments.uniform(0, 12),
        )
        if and_server:
            own_server.start()
    assert_run_again_is_right(own_server, landing)
