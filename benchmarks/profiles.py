"""Our profiles beside bandicoot's: `.venv/bin/python -m benchmarks.profiles`.

Needs a running server with a study built up to int_events_checked, and the study's vars:

    throng synth --subscribers 20000 --events-per-day 1.2 --landing data/speed --truth data/true
    THRONG_LANDING=data/speed dbt run --select +int_events_checked --vars "$VARS"
    THRONG_LANDING=data/speed .venv/bin/python -m benchmarks.profiles --vars "$VARS"

Builds int_profile_events and all that follows from it, then lets bandicoot compute what it gives by
itself (by study and by week, all splits) for some of the same subscribers, on one core. Prints
subscribers a second of both.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from tests.python.support import bandicoot_reference as reference
from throng.server.control import connect
from throng.server.settings import ServerSettings

EVENTS = """
select
    subscriber_id,
    event_at,
    cell_id,
    interaction,
    direction,
    counterpart_id,
    duration_s,
    longitude,
    latitude
from protected.int_profile_events
where subscriber_id in (
    select subscriber_id from protected.int_profile_homes order by subscriber_id limit {sample}
)
"""


def main() -> int:
    """Time both and print subscribers a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vars", default="{}", help="the study's vars, as for dbt")
    parser.add_argument("--sample", type=int, default=300, help="subscribers for bandicoot")
    arguments = parser.parse_args()
    began = time.perf_counter()
    build(arguments.vars)
    ours = time.perf_counter() - began
    with contextlib.closing(connect(ServerSettings.resolve())) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select count(*), count(distinct subscriber_id) from protected.int_profile_events"
        )
        n_events, n_subscribers = cursor.fetchone()
        cursor.execute(EVENTS.format(sample=arguments.sample))
        rows = cursor.fetchall()
    print(f"{n_events:,} events of {n_subscribers:,} subscribers")
    print(f"  here       {ours:>8.1f} s  {n_subscribers / ours:>8.0f} subscribers/s")
    n_compared, theirs = bandicoot_seconds(rows)
    print(
        f"  bandicoot  {theirs:>8.1f} s  {n_compared / theirs:>8.0f} subscribers/s of {n_compared}"
    )
    return 0


def build(dbt_vars: str) -> None:
    """Every model of the profiles, without its tests."""
    dbt = str(Path(sys.executable).parent / "dbt")
    # By folder: other models of a later date may follow from these.
    select = ["--select", "path:models/intermediate/phone_use"]
    subprocess.run([dbt, "run", *select, "--vars", dbt_vars], check=True)


def bandicoot_seconds(rows: list[tuple]) -> tuple[int, float]:
    """How many subscribers, and how long bandicoot takes for them once they are read."""
    events = defaultdict(list)
    antennas = {}
    for subscriber, moment, cell, interaction, direction, counterpart, seconds, *place in rows:
        antennas[cell] = (place[1], place[0])
        events[subscriber].append(
            reference.Event(moment, cell, interaction, direction, counterpart, seconds)
        )
    users = [reference.user_of(who, found, antennas) for who, found in events.items()]
    began = time.perf_counter()
    for user in users:
        reference.all_indicators(user)
    return len(users), time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
