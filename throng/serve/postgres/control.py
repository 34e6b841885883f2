"""Start, stop and look at PostgreSQL from outside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from throng.serve import control as serve
from throng.serve.folders import make_private
from throng.serve.postgres.binaries import PostgresError, find_postgres
from throng.serve.postgres.ddl import DATABASE
from throng.serve.postgres.settings import PostgresSettings
from throng.serve.roles import RolesError, read_roles
from throng.server.processes import (
    end,
    kill,
    last_line,
    process_tree,
    read_state,
    spawn,
    why_port_is_taken,
)
from throng.server.settings import LOCK_TAKEN

#: Until it listens: the first time all that is published is loaded before.
START_TIMEOUT_S = 1800
#: More than the process itself takes to end PostgreSQL.
STOP_TIMEOUT_S = 50


@dataclass(frozen=True)
class Running:
    """A PostgreSQL found running, as what watches it wrote it down."""

    pid: int
    postgres_pid: int
    started_at: float
    settings: PostgresSettings


def find_running(settings: PostgresSettings) -> Running | None:
    """The PostgreSQL of this folder, or None."""
    state = read_state(settings.state_file)
    if state is None:
        return None
    try:
        found = PostgresSettings.from_json(json.dumps(state["settings"]))
    except (ValueError, KeyError, TypeError):  # written by another version
        return None
    return Running(state["pid"], state["postgres_pid"], state["started_at"], found)


def start(settings: PostgresSettings, say: Callable[[str], None]) -> Running:
    """Start PostgreSQL and what watches it; return once readers can come.

    Args:
        settings: what to start it with.
        say: receives lines for the user.

    Raises:
        ServeError: it cannot start; nothing is left running.
        SettingsError: there is no user to run it as.
    """
    if running := find_running(settings):
        found = running.settings
        say(f"PostgreSQL already runs on {found.host}:{found.port} (pid {running.pid}).")
        return running
    binaries = find_postgres()
    settings.as_account()
    try:
        read_roles(settings.roles)
    except RolesError as error:
        raise PostgresError(str(error)) from None
    if problem := why_port_is_taken(settings.host, settings.port):
        raise PostgresError(f"{problem} Choose another: --port or THRONG_SERVE_POSTGRES_PORT.")
    private = (settings.folder, settings.copies, settings.serve.run_folder, settings.run_folder)
    make_private(settings.folder, private)
    if not binaries.has_library("pgaudit"):
        say("pgaudit is not there: each statement is written down as it came, without its tables.")
    follower, watcher = None, None
    try:
        if settings.is_following:
            follower = serve.follow(settings.serve, settings.serve.state_file, say)
        copy = serve.copy_to_serve(settings.copies, settings.is_following)
        say(
            f"Starting PostgreSQL {binaries.version} on {settings.host}:{settings.port} with copy "
            f"{copy.number}, {len(copy.marts)} marts ..."
        )
        command = [sys.executable, "-m", "throng.serve.postgres.watch", settings.to_json()]
        watcher = spawn(command, settings.log_file, _environment())
        return _wait_until_it_listens(settings, watcher, say)
    except BaseException:
        if watcher is not None:
            end([watcher.pid], STOP_TIMEOUT_S)
            watcher.wait()
        if follower is not None:
            kill(process_tree(follower.pid))
            follower.wait()
        raise


def stop(settings: PostgresSettings) -> bool:
    """Stop the PostgreSQL of this folder, and what follows for it alone; False if none runs."""
    running = find_running(settings)
    end([running.pid] if running else [], STOP_TIMEOUT_S)
    settings.state_file.unlink(missing_ok=True)
    serve.stop_following(settings.serve, settings.serve.state_file)
    return running is not None


def what_is_in_force(settings: PostgresSettings) -> str:
    """What the log says last of copy and users, with its time."""
    lines = settings.log_file.read_text(errors="replace").splitlines()
    told = [line for line in lines if re.match(r"\S+ \S+ (In force|Nobody may|Not in force)", line)]
    return told[-1] if told else "NOTHING"


def how_to_connect(settings: PostgresSettings) -> list[str]:
    """Lines that connect psql and clients with an address of SQLAlchemy or JDBC."""
    host = serve.client_host(settings.host)
    trust = settings.certificate_file
    tls = f"sslmode=verify-full sslrootcert='{trust}'"
    return [
        f'psql     psql "host={host} port={settings.port} dbname={DATABASE} user=USER {tls}"',
        f"JDBC     jdbc:postgresql://{host}:{settings.port}/{DATABASE}"
        f"?sslmode=verify-full&sslrootcert={trust}",
    ]


def _environment() -> dict[str, str]:
    """What the watcher knows of its surroundings: no password of the build."""
    kept = ("PATH", "HOME", "LANG", "THRONG_POSTGRES_BIN")
    values = {name: os.environ[name] for name in kept if name in os.environ}
    return {**values, "PYTHONPATH": str(Path(__file__).parents[3])}


def _wait_until_it_listens(
    settings: PostgresSettings, watcher: subprocess.Popen[bytes], say: Callable[[str], None]
) -> Running:
    deadline = time.monotonic() + START_TIMEOUT_S
    shown = 0
    while time.monotonic() < deadline:
        running = find_running(settings)
        ended = watcher.poll()
        lines = settings.log_file.read_text(errors="replace").splitlines()
        lines = [line for line in lines if line.count(" ") > 1]
        if ended is not None:
            raise PostgresError(_why_it_ended(settings, ended, lines))
        for line in lines[shown:]:
            say(f"  {line.split(' ', 2)[2]}")  # without date and time
        shown = len(lines)
        if running:
            return running
        time.sleep(0.1)
    raise PostgresError(
        f"PostgreSQL did not listen within {START_TIMEOUT_S} s and was ended. The log: "
        f"{settings.log_file}"
    )


def _why_it_ended(settings: PostgresSettings, return_code: int, lines: list[str]) -> str:
    if return_code == LOCK_TAKEN:
        return (
            f"Another PostgreSQL is using {settings.folder}: stop that one, or give another "
            "--folder."
        )
    said = last_line("\n".join(lines))
    # Without date and time, where there are any.
    return said.split(" ", 2)[2] if said[:2] == "20" else said
