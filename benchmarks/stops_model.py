"""What the Python function costs in int_stops: `.venv/bin/python benchmarks/stops_model.py`.

Needs a running server with a study built up to int_long_traces, and the study's vars:

    throng synth --subscribers 80000 --landing data/large --truth data/large_truth
    THRONG_LANDING=data/large dbt build --select +int_long_traces --vars "$VARS"
    .venv/bin/python benchmarks/stops_model.py --vars "$VARS"

In turn, several times: the model as it is, written to a table; the same query up to the traces
with the function replaced by size(trace), written to a table. Prints the seconds of each, the ratio
of the fastest two, and the memory of the Python workers at its highest. Both tables are dropped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import yaml

from throng.server.control import connect
from throng.server.settings import ServerSettings

MODEL = "int_stops"
CALL = re.compile(r"inline\(detect_stops\(.*?\)\)\n", re.DOTALL)


def main() -> int:
    """Time both queries and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vars", default="{}", help="the study's vars, as for dbt")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed")
    arguments = parser.parse_args()
    model = compiled(yaml.safe_load(arguments.vars))
    queries = {"with the function": model, "with size(trace)": without_function(model)}
    best = dict.fromkeys(queries, float("inf"))
    with contextlib.closing(connect(ServerSettings.resolve())) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select count(*), count(distinct subscriber_id) from protected.int_events_located"
        )
        n_events, n_subscribers = cursor.fetchone()
        print(f"{n_events:,} events of {n_subscribers:,} subscribers")
        with highest_memory() as memory:
            for number in range(1, arguments.rounds + 1):
                for name, sql in queries.items():
                    seconds = timed(cursor, sql)
                    best[name] = min(best[name], seconds)
                    print(f"  round {number}  {name:<20}{seconds:>8.1f} s", flush=True)
    model_s, plain_s = best.values()
    print(f"ratio of the fastest   {model_s / plain_s:.2f}")
    print(f"events per second      {n_events / model_s:,.0f}")
    print(f"Python workers         {memory[0] / 2**20:,.0f} MB at most, all together")
    return 0


def compiled(variables: dict) -> str:
    """The SQL of the model, as dbt sends it."""
    with tempfile.TemporaryDirectory() as target:
        subprocess.run(
            [
                *(str(Path(sys.executable).parent / "dbt"), "--quiet", "compile"),
                *("--select", MODEL, "--vars", json.dumps(variables), "--target-path", target),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env={"DBT_PROFILES_DIR": "profiles", **os.environ},
        )
        [found] = Path(target, "compiled").rglob(f"{MODEL}.sql")
        return found.read_text()


def without_function(model: str) -> str:
    """The model up to its stops, with size(trace) in place of the stops."""
    head, stops, _ = re.split(r"(?m)^(?=stops as \(|final as \()", model)
    changed, n_calls = CALL.subn("size(trace) as n_events\n", stops)
    assert n_calls == 1, "The call of detect_stops is not where it was; look at CALL."
    return head + changed.rstrip().rstrip(",") + "\n\nselect * from stops"


def timed(cursor: object, sql: str) -> float:
    """Seconds in which the query writes a table."""
    cursor.execute("drop table if exists protected.benchmark_stops")
    began = time.perf_counter()
    cursor.execute(f"create table protected.benchmark_stops using parquet as {sql}")
    seconds = time.perf_counter() - began
    cursor.execute("drop table protected.benchmark_stops")
    return seconds


@contextlib.contextmanager
def highest_memory() -> Iterator[list[int]]:
    """Resident bytes of all Spark Python workers of this machine, the most seen so far."""
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            now = 0
            for process in psutil.process_iter(["cmdline", "memory_info"]):
                if "pyspark.daemon" in " ".join(process.info["cmdline"] or []):
                    now += process.info["memory_info"].rss
            most[0] = max(most[0], now)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    sys.exit(main())
