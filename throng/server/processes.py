"""Processes and ports of this machine, for what runs beside a command: servers, clusters."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

import psutil


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
