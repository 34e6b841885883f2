"""The project on a Spark standalone cluster: master and workers are processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.python.conftest import PROJECT, clean_environment, dbt_command, free_port, run_throng
from tests.python.support import edge_country, reference
from tests.python.support.edge_country import STUDY
from tests.python.support.tables import assert_candidates

#: Head counts, and what needs Python functions on the workers: pseudonyms, stops, journeys.
MARTS = (
    "count_subscribers",
    "count_residents",
    "od_matrix_directed_all_pairs",
    "count_stops",
    "journeys_od",
)
SELECTED = ["--select", *(f"+candidate_{mart}" for mart in MARTS)]


@pytest.fixture
def cluster(tmp_path):
    """The URL of the master of two workers, and the folder of the cluster."""
    folder = tmp_path / "cluster"
    port = str(free_port())
    started = run_throng(
        *("cluster", "start", "--workers", "2", "--memory", "1g"),
        *("--port", port, "--folder", str(folder)),
        env=clean_environment(),
    )
    assert started.returncode == 0, started.stdout + started.stderr
    yield f"spark://127.0.0.1:{port}", folder
    stopped = run_throng("cluster", "stop", "--folder", str(folder), env=clean_environment())
    assert stopped.stdout == "Stopped.\n", stopped.stdout + stopped.stderr
    assert executors_of(folder) == []


def runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def executors_of(folder):
    """The processes that the workers of a cluster have started."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        with contextlib.suppress(psutil.Error):
            if any("CoarseGrainedExecutorBackend" in word for word in words) and str(folder) in str(
                process.cwd()
            ):
                found.append(process)
    return found


@pytest.fixture
def on_cluster(own_server, cluster, tmp_path):
    master, _ = cluster
    edge_country.write_edge_country(tmp_path / "landing")
    own_server.start(
        *("--master", master, "--conf", "spark.executor.memory=1g"),
        # 200 partitions of a few rows each would take longer than the work.
        *("--conf", "spark.sql.shuffle.partitions=4"),
    )
    return own_server


def assert_right(server, landing):
    expected = reference.expected(landing, **STUDY)
    for mart in MARTS:
        assert len(expected.candidates[mart]) > 0
    assert_candidates(server, expected, MARTS)


@pytest.mark.long
def test_a_cluster_whose_master_has_ended_can_be_stopped(tmp_path):
    def throng(*arguments):
        options = ["--folder", str(tmp_path / "cluster")]
        return run_throng("cluster", *arguments, *options, env=clean_environment())

    assert throng("status").returncode == 3
    assert throng("stop").stdout.startswith("No cluster runs in")
    started = throng("start", "--workers", "1", "--port", str(free_port()))
    assert started.returncode == 0, started.stderr
    again = throng("start", "--workers", "1", "--port", str(free_port()))
    assert again.returncode == 1
    assert again.stderr.startswith("Error: A cluster already runs in")
    told = json.loads((tmp_path / "cluster" / "cluster.json").read_text())
    os.kill(told["master_pid"], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while runs(told["master_pid"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "HAS ENDED" in throng("status").stdout
    assert throng("stop").stdout == "Stopped.\n"
    assert not any(runs(pid) for pid in told["worker_pids"])


@pytest.mark.long
def test_two_workers_count_what_the_second_engine_counts(on_cluster, cluster, tmp_path):
    _, folder = cluster
    done = on_cluster.dbt("run", *SELECTED, landing=tmp_path / "landing", **STUDY)
    assert done.returncode == 0, done.stdout
    assert len(executors_of(folder)) == 2
    assert_right(on_cluster, tmp_path / "landing")
    # What executors wrote is for this user alone.
    events = on_cluster.warehouse / "tables" / "protected.db" / "int_events_checked"
    files = list(events.rglob("*.parquet"))
    assert files
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    said = run_throng("cluster", "status", "--folder", str(folder), env=clean_environment())
    assert "workers  2 of 2 run" in said.stdout


@pytest.mark.long
def test_a_worker_killed_in_mid_build_changes_nothing(on_cluster, cluster, tmp_path):
    _, folder = cluster
    on_cluster.seed(tmp_path / "landing")
    log = tmp_path / "build.log"
    with log.open("w") as output:
        command = dbt_command(
            *("run", *SELECTED, "--vars", json.dumps(STUDY)),
            target=tmp_path / "target",
            logs=tmp_path / "logs",
        )
        build = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**on_cluster.env, "THRONG_LANDING": str(tmp_path / "landing")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 300
        while "START sql by_day model protected.int_cell_visits" not in log.read_text():
            assert build.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        worker, *_ = json.loads((folder / "cluster.json").read_text())["worker_pids"]
        lost = [psutil.Process(worker), *psutil.Process(worker).children(recursive=True)]
        assert len(lost) > 1  # an executor was at work
        for process in lost:
            with contextlib.suppress(psutil.Error):
                os.kill(process.pid, signal.SIGKILL)
        assert build.wait(timeout=600) == 0, log.read_text()
    said = run_throng("cluster", "status", "--folder", str(folder), env=clean_environment())
    assert "workers  1 of 2 run" in said.stdout
    assert_right(on_cluster, tmp_path / "landing")
