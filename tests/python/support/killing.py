"""Builds that are killed on their way, and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.python.conftest import PROJECT, Server, state, wait_until_gone


def killed(
    server: Server,
    command: list[str],
    env: dict[str, str],
    after: str,
    *,
    and_server: bool,
    seconds_later: float = 0,
) -> None:
    """Start a command, and kill it (and the server) some time after it has printed `after`."""
    log = server.folder / "killed.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 120
        while after not in log.read_text() and time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        time.sleep(seconds_later)
        if and_server:
            os.kill(state(server)["java_pid"], signal.SIGKILL)
        process.kill()
        process.wait()
    if and_server:
        wait_until_gone(server.warehouse)


def leave_half_tables(server: Server) -> list[Path]:
    """What a kill between writing files and naming the table, or the day, leaves behind."""
    tables = server.warehouse / "tables" / "protected.db"
    strays = [
        tables / "half_a_table" / "part-half.parquet",
        tables / "int_cell_visits" / "event_date=2019-12-20" / "events_version=7" / "part.parquet",
        tables / "int_cell_visits" / ".spark-staging-1" / "part.parquet",
    ]
    for stray in strays:
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"half a file")
    return strays
