"""The synthetic country of the tests: two weeks, built once for all files that look at it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

from tests.python.conftest import PROJECT, WITHOUT_UNIT_TESTS, Server, run_throng
from tests.python.support.killing import killed, leave_half_tables
from throng.synth.generator import generate
from throng.synth.listeners import ListenerSettings, generate_listeners
from throng.synth.settings import Settings

FIRST, LAST = date(2020, 2, 3), date(2020, 2, 16)
#: A file of a day of which another file has landed before.
LATE = "events/late/late_2020-02-10.csv.gz"
STUDY = {"study_start": str(FIRST), "study_end": str(LAST)}
DAYS = {**STUDY, "subscriber_buckets": 2}


def throng(server: Server, country: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command as a user of the country runs it."""
    done = run_throng(*arguments, env=server.env_over(country / "landing"), cwd=PROJECT)
    assert "Traceback" not in done.stderr
    return done


def build(server: Server, folder: Path) -> None:
    """Callers and listeners, built with every test of the data.

    A first build, of the events and what they need, is killed with its server while it reads files,
    and a file lands after that. So whatever is found right afterwards, a build that begins again
    has made.
    """
    days = (LAST - FIRST).days + 1
    # Few areas: of sparse ones the attack has one system of hundreds of thousands of unknowns.
    settings = Settings(1200, FIRST, days=days, seed=7, areas=(2, 5, 12))
    generate(settings, folder / "landing", folder / "truth")
    feed = ListenerSettings(events=12_000, customers=400, start=FIRST, days=days, seed=5)
    generate_listeners(feed, folder / "landing")
    late, away = folder / "landing" / LATE, folder / "late.csv.gz"
    late.rename(away)
    first = ["build", "--select", "+int_events_checked", *WITHOUT_UNIT_TESTS]
    killed(
        server,
        [
            *(str(Path(sys.executable).parent / "dbt"), *first),
            *("--vars", json.dumps({**DAYS, "feeds": ["listening"]})),
        ],
        server.env_over(folder / "landing"),
        "START sql incremental model protected.int_events_checked",
        and_server=True,
        seconds_later=2,
    )
    strays = leave_half_tables(server)
    server.start()
    assert not [stray for stray in strays if stray.parent.exists()]
    away.rename(late)
    built = throng(server, folder, "release", "build", "--vars", json.dumps(DAYS))
    assert built.returncode == 0, built.stdout + built.stderr
