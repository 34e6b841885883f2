"""How long a command takes and how much memory, and what Spark's event log says of it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from throng.server.processes import process_tree

# Looking at all processes takes some ten milliseconds of a core.
_SAMPLE_S = 1.0


@dataclass(frozen=True)
class Run:
    """One run of a command.

    Attributes:
        seconds: wall time.
        peak_java_mb, peak_python_mb: most resident memory of Java and of Python among the
            processes that were watched, each at its own time.
        output: what it printed.
    """

    seconds: float
    peak_java_mb: float
    peak_python_mb: float
    output: str


class RunError(Exception):
    """A command that was to be measured has failed; the message is the end of what it printed."""


def run(command: Sequence[str], env: Mapping[str, str], watched: Sequence[int] = ()) -> Run:
    """Run a command and watch the memory of it and of other process trees.

    Args:
        command: the program and its arguments.
        env: its whole environment.
        watched: process ids whose trees count too, such as that of a server.

    Raises:
        RunError: its exit code was not 0.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    peaks = {"java": 0.0, "python": 0.0}
    over = threading.Event()
    sampler = threading.Thread(target=_sample, args=([process.pid, *watched], peaks, over))
    sampler.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    over.set()
    sampler.join()
    if process.returncode:
        raise RunError(f"{' '.join(command[:4])} ... has failed:\n{output[-2000:]}")
    return Run(seconds, peaks["java"], peaks["python"], output)


def _sample(pids: Sequence[int], peaks: dict[str, float], over: threading.Event) -> None:
    while not over.wait(_SAMPLE_S):
        now = Counter()
        for process in (process for pid in pids for process in process_tree(pid)):
            # Processes end while they are looked at.
            with contextlib.suppress(psutil.Error):
                kind = _kind(process)
                if kind:
                    now[kind] += process.memory_info().rss / 2**20
        for kind, megabytes in now.items():
            peaks[kind] = max(peaks[kind], megabytes)


def _kind(process: psutil.Process) -> str | None:
    """Java or Python; None for another program, or for one that Java is about to start: that has
    the memory of Java itself for a moment, and would count twice."""
    if process.name() == "java":
        return "java"
    return "python" if Path(process.exe()).name.startswith("python") else None


@dataclass(frozen=True)
class SparkWork:
    """What the tasks of a server have done since an earlier look.

    Attributes:
        shuffled_mb: bytes written to shuffles.
        spilled_mb: bytes written to disk because memory was short.
        cpu_seconds: of tasks, by the dbt node they worked for.
    """

    shuffled_mb: float
    spilled_mb: float
    cpu_seconds: Mapping[str, float]

    def slowest(self, n: int) -> list[tuple[str, float]]:
        """The nodes with most processor seconds."""
        return Counter(self.cpu_seconds).most_common(n)


def read_event_log(folder: Path) -> SparkWork:
    """Everything in the event logs of a folder, one of a server still running included."""
    nodes_of_stages: dict[int, str] = {}
    shuffled = spilled = 0
    seconds: Counter[str] = Counter()
    for event in _jobs_and_tasks(folder):
        if event["Event"] == "SparkListenerJobStart":
            told = (event.get("Properties") or {}).get("spark.job.description") or ""
            found = re.search(r'"node_id": "([^"]+)"', told)
            for stage in event["Stage IDs"]:
                nodes_of_stages.setdefault(stage, found[1] if found else "other")
            continue
        metrics = event.get("Task Metrics") or {}
        node = nodes_of_stages.get(event["Stage ID"], "other").split(".")[-1]
        seconds[node] += metrics.get("Executor CPU Time", 0) / 1e9
        written = metrics.get("Shuffle Write Metrics") or {}
        shuffled += written.get("Shuffle Bytes Written", 0)
        spilled += metrics.get("Disk Bytes Spilled", 0)
    return SparkWork(shuffled / 2**20, spilled / 2**20, dict(seconds))


def _jobs_and_tasks(folder: Path) -> Iterator[dict[str, Any]]:
    """Of the many events, the starts of jobs and the ends of tasks."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open() as lines:
            for line in lines:
                if '"SparkListenerJobStart"' in line or '"SparkListenerTaskEnd"' in line:
                    # A running server has perhaps written half of its last line.
                    with contextlib.suppress(json.JSONDecodeError):
                        yield json.loads(line)
