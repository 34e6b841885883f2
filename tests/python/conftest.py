"""What all tests share: the project's folder, dbt as a process, one server for the session."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyhive import hive

PROJECT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**values: str) -> dict[str, str]:
    """The environment without the developer's own THRONG_* and DBT_* settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("THRONG_", "DBT_"))}
    return {**kept, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **values}


def run_throng(*arguments: str, env: dict[str, str], **options) -> subprocess.CompletedProcess:
    """The `throng` command as a user runs it."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "throng"), *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **options,
    )


@dataclass(frozen=True)
class Server:
    """A running server of the tests, and dbt beside it."""

    port: int
    ui_port: int
    warehouse: Path
    key_file: Path
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return clean_environment(
            THRONG_PORT=str(self.port),
            THRONG_WAREHOUSE=str(self.warehouse),
            THRONG_KEY_FILE=str(self.key_file),
            THRONG_TARGET="ci",
            DBT_PROFILES_DIR=str(PROJECT / "profiles"),
        )

    def query(self, sql: str) -> list[tuple]:
        connection = hive.connect("127.0.0.1", port=self.port, username="test")
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall()
        finally:
            connection.close()

    def dbt(
        self, *arguments: str, landing: Path, project: Path = PROJECT, **dbt_vars
    ) -> subprocess.CompletedProcess:
        """Run dbt; target and logs go beside the warehouse, never into the project."""
        return subprocess.run(
            [
                str(Path(sys.executable).parent / "dbt"),
                "--no-use-colors",
                *arguments,
                "--vars",
                json.dumps(dbt_vars),
                "--target-path",
                str(self.folder / "target"),
                "--log-path",
                str(self.folder / "logs"),
            ],
            cwd=project,
            env={**self.env, "THRONG_LANDING": str(landing)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory):
    """One server on a free port with a warehouse and key of its own; stopped at the end."""
    folder = tmp_path_factory.mktemp("server")
    server = Server(
        port=free_port(),
        ui_port=free_port(),
        warehouse=folder / "the warehouse",  # a space in a path is nothing special
        key_file=folder / "secret" / "pseudonym.key",
        folder=folder,
    )
    started = run_throng(
        "server", "start", "--ui-port", str(server.ui_port), "--memory", "1500m", env=server.env
    )
    assert started.returncode == 0, started.stdout + started.stderr
    yield server
    stopped = run_throng("server", "stop", env=server.env)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """dbt's manifest of the project, from `dbt parse` (no server needed)."""
    target = tmp_path_factory.mktemp("parse")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            "parse",
            "--target-path",
            str(target),
            "--log-path",
            str(target),
        ],
        cwd=PROJECT,
        env=clean_environment(DBT_PROFILES_DIR=str(PROJECT / "profiles")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return json.loads((target / "manifest.json").read_text())
