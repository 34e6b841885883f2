"""A Spark standalone cluster on this machine: a master and workers, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from throng.server.java import JavaNotFoundError, find_java
from throng.server.processes import kill, last_line, process_tree, why_port_is_taken
from throng.server.spark_home import JAVA_OPTIONS, make_spark_home

HOST = "127.0.0.1"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
# What a master or worker needs itself; executors have memory of their own.
_DAEMON_MEMORY = "512m"


class ClusterError(Exception):
    """The cluster cannot do what was asked; the message says why and what to change."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster, as it was written down.

    Attributes:
        master: its URL, what `throng server start --master` takes.
        master_pid, worker_pids: its processes.
        cores, memory: of each worker.
    """

    master: str
    master_pid: int
    worker_pids: list[int]
    cores: int
    memory: str

    def alive(self) -> tuple[bool, int]:
        """Whether the master runs, and how many workers."""
        return _runs(self.master_pid), sum(_runs(pid) for pid in self.worker_pids)


def find_cluster(folder: Path) -> Cluster | None:
    """The cluster of this folder, if its master or a worker runs."""
    try:
        cluster = Cluster(**json.loads(_state_file(folder).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    is_up, workers = cluster.alive()
    return cluster if is_up or workers else None


def start(
    folder: Path, workers: int, cores: int, memory: str, port: int, say: Callable[[str], None]
) -> Cluster:
    """Start a master and workers and return once all workers have registered.

    Args:
        folder: logs, work folders of the workers, and the state; made if missing.
        workers: how many.
        cores, memory: what each worker gives to executors.
        port: of the master, on loopback.
        say: receives lines for the user.

    Raises:
        ClusterError: it cannot start, or one runs there already; nothing is left running.
    """
    if find_cluster(folder):
        raise ClusterError(
            f"A cluster already runs in {folder}. Stop it (throng cluster stop), or give another "
            "--folder and --port."
        )
    try:
        java = find_java()
    except JavaNotFoundError as error:
        raise ClusterError(str(error)) from None
    _check_modules(java.binary)
    if problem := why_port_is_taken(HOST, port):
        raise ClusterError(f"{problem} Choose another: --port.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    home = make_spark_home(folder / "spark_home", is_local=False)
    environment = {
        **os.environ,
        "JAVA_HOME": str(java.home),
        "SPARK_HOME": str(home),
        # A worker asks for it to find the jars; it would look for it in a build of Spark.
        "SPARK_SCALA_VERSION": _scala_version(home),
        # Spark's web pages of master and workers, too, are for this machine only.
        "SPARK_LOCAL_IP": HOST,
        "PYSPARK_PYTHON": sys.executable,
    }
    master = f"spark://{HOST}:{port}"
    say(f"Starting a master on {HOST}:{port} and {workers} workers (Java {java.version}) ...")
    started: list[subprocess.Popen] = []

    def launch(name: str, role: str, *arguments: str) -> None:
        with (folder / f"{name}.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    [
                        *(str(java.binary), "-cp", f"{home}/jars/*", f"-Xmx{_DAEMON_MEMORY}"),
                        *(*JAVA_OPTIONS, f"org.apache.spark.deploy.{role}"),
                        *("--host", HOST, "--webui-port", "0", *arguments),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=environment,
                    umask=0o077,  # executors write tables about subscribers
                )
            )

    try:
        launch("master", "master.Master", "--port", str(port))
        _wait_for(folder, "master", "I have been elected leader", started)
        for number in range(1, workers + 1):
            work = folder / f"worker-{number}"
            shutil.rmtree(work, ignore_errors=True)
            limits = ["--cores", str(cores), "--memory", memory, "--work-dir", str(work)]
            launch(f"worker-{number}", "worker.Worker", *limits, master)
        for number in range(1, workers + 1):
            _wait_for(folder, f"worker-{number}", "Successfully registered", started)
    except BaseException:
        _end([process.pid for process in started])
        raise
    first, *others = [process.pid for process in started]
    cluster = Cluster(master, first, others, cores, memory)
    _state_file(folder).write_text(json.dumps(asdict(cluster)))
    return cluster


def stop(folder: Path) -> bool:
    """Stop the cluster of this folder with all executors; False if none runs."""
    cluster = find_cluster(folder)
    if cluster is None:
        return False
    _end([*cluster.worker_pids, cluster.master_pid])
    _state_file(folder).unlink(missing_ok=True)
    return True


def _state_file(folder: Path) -> Path:
    return folder / "cluster.json"


def _runs(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        is_ours = any("org.apache.spark.deploy." in word for word in process.cmdline())
        return is_ours and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait_for(folder: Path, name: str, sentence: str, started: list[subprocess.Popen]) -> None:
    """Wait until the log of a process has a sentence."""
    log = folder / f"{name}.log"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if sentence in text:
            return
        if any(process.poll() is not None for process in started):
            raise ClusterError(
                f"The {name} ended while it started: {last_line(text)}\nIts log: {log}"
            )
        time.sleep(0.2)
    raise ClusterError(f"The {name} was not ready within {START_TIMEOUT_S} s. Its log: {log}")


def _scala_version(spark_home: Path) -> str:
    """Scala's version as the names of Spark's jars have it, such as 2.13."""
    [core] = (spark_home / "jars").glob("spark-core_*.jar")
    return core.name.removeprefix("spark-core_").split("-")[0]


def _check_modules(java: Path) -> None:
    """Spark starts executors with a module that small runtimes do not have."""
    asked = [str(java), "--add-modules=jdk.incubator.vector", "-version"]
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        raise ClusterError(
            f"The Java in {java.parents[1]} is a small one, without the module "
            "jdk.incubator.vector that Spark's executors ask for. Install a whole JDK or JRE "
            "(Debian/Ubuntu: apt-get install openjdk-17-jre-headless) and set JAVA_HOME."
        )


def _end(pids: list[int]) -> None:
    """End processes and all that they started (workers start executors)."""
    processes = [process for pid in pids for process in process_tree(pid)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=STOP_TIMEOUT_S)
    kill(alive)
