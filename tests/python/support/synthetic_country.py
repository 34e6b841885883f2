"""The synthetic country of the tests: two weeks, built once for all files that look at it."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from tests.python.conftest import PROJECT, Server, run_throng
from tests.python.support.killing import killed, leave_half_tables
from throng.synth.generator import generate
from throng.synth.indicator_settings import IndicatorSettings
from throng.synth.indicators import generate_indicators
from throng.synth.listeners import ListenerSettings, generate_listeners
from throng.synth.settings import Settings

FIRST, LAST = date(2020, 2, 3), date(2020, 2, 16)
#: A file of a day of which another file has landed before.
LATE = "events/late/late_2020-02-10.csv.gz"
STUDY = {"study_start": str(FIRST), "study_end": str(LAST)}
DAYS = {**STUDY, "subscriber_buckets": 2}
#: Options of its server: one part of a few rows, and a plan that is made once. The other servers of
#: the tests plan again after each shuffle (adaptive execution), as users' do.
SHORT_PLANS = (
    *("--conf", "spark.sql.adaptive.enabled=false"),
    *("--conf", "spark.sql.shuffle.partitions=1"),
)


def throng(server: Server, country: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command as a user of the country runs it."""
    done = run_throng(*arguments, env=server.env_over(country / "landing"), cwd=PROJECT)
    assert "Traceback" not in done.stderr
    return done


def write_context(landing: Path) -> None:
    """Rain of every area by day and of one by week, and a row that is wrong for each reason."""
    with (landing / "areas" / "areas.csv").open(encoding="utf-8") as file:
        areas = [row["area_id"] for row in csv.DictReader(file)]
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    draws = random.Random(5)
    rows = [f"{area},{day},rain,{draws.expovariate(0.3):.1f}" for area in areas for day in days]
    rows += [f"{areas[0]},2020-W06,rain,20.5", f"{areas[0]},{FIRST},fog,1", rows[0]]
    rows += [f",{FIRST},rain,1", f"{areas[0]},,rain,1", f"{areas[0]},2020-02-31,rain,1"]
    rows += [f"{areas[0]},{FIRST},,1", f"{areas[0]},{FIRST},hail,"]
    rows += [f"{areas[0]},{FIRST},hail,heavy"]
    rows += [f"nowhere,{FIRST},rain,1", f"{areas[0]},{FIRST},fog,2", f"{areas[0]},{FIRST},rain"]
    (landing / "context").mkdir()
    text = "\n".join(["area_id,date,name,value", *rows, ""])
    (landing / "context" / "weather.csv").write_text(text, encoding="utf-8")


def build(server: Server, folder: Path) -> None:
    """Callers and listeners, built with every test of the data.

    A first build is killed with its server while it reads files, and a file lands after that. So
    whatever is found right afterwards, a build that begins again has made.
    """
    days = (LAST - FIRST).days + 1
    # Few areas, so that few table cells are small; few sites, so that there is less to make of each
    # cell and hour; and a seed by which some people live at one level in an area that is not around
    # the one of the next: where none does, homes add up by chance over the levels, and the audit
    # withholds more and builds again.
    settings = Settings(1200, FIRST, days=days, seed=5, areas=(2, 4, 8), sites=60)
    generate(settings, folder / "landing", folder / "truth")
    feed = ListenerSettings(events=12_000, customers=400, start=FIRST, days=days, seed=5)
    generate_listeners(feed, folder / "landing")
    write_context(folder / "landing")
    generate_indicators(IndicatorSettings(40), folder / "landing")
    late, away = folder / "landing" / LATE, folder / "late.csv.gz"
    late.rename(away)
    command = ["release", "build", "--vars", json.dumps(DAYS)]
    killed(
        server,
        [str(Path(sys.executable).parent / "throng"), *command],
        server.env_over(folder / "landing"),
        "START sql incremental model protected.int_events_checked",
        and_server=True,
        seconds_later=2,
    )
    strays = leave_half_tables(server)
    server.start(*SHORT_PLANS)
    assert not [stray for stray in strays if stray.parent.exists()]
    away.rename(late)
    built = throng(server, folder, *command)
    assert built.returncode == 0, built.stdout + built.stderr
