"""Processes and ports of this machine, for what runs beside a command: servers, clusters."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from throng.files import replacing

# What a JVM needs beside its heap (code, threads, buffers).
_BESIDE_HEAP_MB = 400


def process_tree(pid: int) -> list[psutil.Process]:
    """The process and everything it started; nothing if it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def runs_since(pid: int, started_at: float) -> bool:
    """Whether the process that began then under this number still runs.

    Args:
        started_at: seconds since 1970. Another process may have the number now; the clock may have
            been set a little.
    """
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started_at) <= 60
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def read_state(file: Path) -> dict[str, Any] | None:
    """What a process wrote down of itself; None if it is gone (the file of a killed one stays)."""
    try:
        state = json.loads(file.read_text())
        return state if runs_since(state["pid"], state["started_at"]) else None
    except (OSError, ValueError, KeyError):
        return None


def write_state(file: Path, pid: int, **more: object) -> None:
    """Write a process down, for read_state."""
    # A pid alone may be somebody else's by the time it is read.
    state = {"pid": pid, "started_at": psutil.Process(pid).create_time(), **more}
    with replacing(file) as unfinished:
        unfinished.write_text(json.dumps(state, indent=1))


def spawn(
    command: Sequence[str], log_file: Path, environment: Mapping[str, str], **options: object
) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one; its log is for this user alone.

    Args:
        command: to run.
        log_file: what it prints goes there.
        environment: all variables that it sees.
        options: further ones of Popen, such as user.
    """
    with os.fdopen(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)) as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(environment),
            **options,
        )


def end(pids: Sequence[int], seconds: float) -> None:
    """Ask processes to end; kill what runs on of them, and of all they started, after a time."""
    processes = [process for pid in pids for process in process_tree(pid)]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    kill(alive)


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kill processes, those that are gone left aside, and wait for their end."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def why_port_is_taken(host: str, port: int) -> str | None:
    """A sentence that says why this port cannot be listened on; None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return (
                f"Port {port} on {host} is taken by another program or not allowed "
                f"({error.strerror})."
            )
    return None


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def last_line(log: str) -> str:
    """The last line of a log that is not blank."""
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else "(the log is empty)"


def why_memory_lacks(who: str, memory: str, heap_mb: int, variable: str) -> str | None:
    """A sentence that says that a JVM with this heap has no room; None if it has."""
    free_mb = psutil.virtual_memory().available / 2**20
    if heap_mb + _BESIDE_HEAP_MB <= free_mb:
        return None
    return (
        f"Too little memory: {who} asks for {memory} and about {_BESIDE_HEAP_MB} MB beside, but "
        f"{free_mb:,.0f} MB are free. Give less: --memory or {variable}."
    )


def why_java_ended(log: str, host: str, port: int, memory: str, variable: str) -> str | None:
    """What a log says of a JVM that ended while it started, where the reason is a usual one."""
    if re.search("BindException|Could not create ServerSocket", log):
        return (
            f"Port {port} on {host} was taken while the server started. Choose another: --port or "
            f"{variable}."
        )
    if re.search("Could not reserve enough space|OutOfMemoryError|Cannot allocate memory", log):
        return f"Java could not have {memory} of memory. Give less: --memory."
    return None
