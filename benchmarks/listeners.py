"""What listener profiles cost: `.venv/bin/python benchmarks/listeners.py --vars "$VARS"`.

Needs a running server over a landing folder with listeners, and the study's periods:

    throng synth --subscribers 100 --landing data/large --truth data/large_truth
    throng synth listeners --events 10000000 --customers 50000 --landing data/large
    THRONG_LANDING=data/large dbt build --select +int_study_periods customer_codes --vars "$VARS"
    THRONG_LANDING=data/large .venv/bin/python benchmarks/listeners.py --vars "$VARS"

Runs the models from the files to the candidate of listener_summary as dbt does, from nothing and
once more with nothing new, and prints for each the seconds on the clock, of dbt's models alone and
of the processor (all processes of the server). The last says what it costs where others use the
machine too: on two free cores the clock shows about half of it. dbt reads the whole project when it
is new or other vars are given; the build above has done so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import yaml

from throng.server.settings import ServerSettings

MODELS = [
    "stg_listening__events",
    "stg_listening__event_files",
    "stg_listening__customers",
    "int_listening_events",
    "int_listening_copies",
    "int_customers_checked",
    "int_listener_counts",
    "int_listener_profiles",
    "rejected_listener_rows",
    "candidate_listener_summary",
]


def main() -> int:
    """Time a build from nothing and one with nothing new."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vars", default="{}", help="the study's vars, as for dbt")
    variables = json.dumps(yaml.safe_load(parser.parse_args().vars))
    server = psutil.Process(json.loads(ServerSettings.resolve().state_file.read_text())["pid"])
    for name, options in {"from nothing": ["--full-refresh"], "nothing new": []}.items():
        busy, began = processor_seconds(server), time.perf_counter()
        seconds = built(variables, options)
        clock = time.perf_counter() - began
        print(f"{name:<14}{clock:>8.1f} s  processor {processor_seconds(server) - busy:>8.1f} s")
        for model, model_seconds in seconds.items():
            print(f"  {model:<28}{model_seconds:>8.1f} s", flush=True)
    return 0


def processor_seconds(server: psutil.Process) -> float:
    """Of the server and all that it has started, those that have ended included."""
    total = 0.0
    for process in [server, *server.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def built(variables: str, options: list[str]) -> dict[str, float]:
    """Build the models; the seconds of each."""
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "--quiet", "run", *options),
            *("--select", *MODELS, "--vars", variables),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        env={"DBT_PROFILES_DIR": "profiles", **os.environ},
    )
    target = Path(os.environ.get("DBT_TARGET_PATH", "target"))
    results = json.loads((target / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[-1]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }


if __name__ == "__main__":
    sys.exit(main())
