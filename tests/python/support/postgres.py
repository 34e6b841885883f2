"""A PostgreSQL of the tests, over the tables of support/readers.py."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.python.conftest import run_throng
from tests.python.support.readers import Readers, password_of
from throng.serve.postgres.admin import connect as connect_as_superuser
from throng.serve.postgres.binaries import PostgresError, find_postgres
from throng.serve.postgres.settings import PostgresSettings
from throng.server.processes import free_port


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL of the readers."""

    readers: Readers
    cluster: Path
    port: int

    @property
    def env(self) -> dict[str, str]:
        return {
            **self.readers.env,
            "THRONG_SERVE_POSTGRES_CLUSTER": str(self.cluster),
            "THRONG_SERVE_POSTGRES_PORT": str(self.port),
        }

    @property
    def settings(self) -> PostgresSettings:
        return PostgresSettings(
            folder=self.readers.folder / "serve", cluster=self.cluster, port=self.port
        )

    @property
    def log(self) -> str:
        return self.settings.log_file.read_text()

    def start(self, *options: str) -> subprocess.CompletedProcess:
        return run_throng("serve", "postgres", "start", "--no-follow", *options, env=self.env)

    def connect(self, user: str, **options) -> psycopg.Connection:
        given = {
            "host": "localhost",
            "port": self.port,
            "user": user,
            "password": password_of(user),
            "dbname": "throng",
            "sslmode": "verify-full",
            "sslrootcert": str(self.settings.certificate_file),
            "autocommit": True,
            **options,
        }
        return psycopg.connect(**given)

    def query(self, user: str, statement: str) -> list[tuple]:
        with self.connect(user) as connection:
            return connection.execute(statement).fetchall()

    def as_superuser(self, statement: str) -> list[tuple]:
        with connect_as_superuser(self.settings) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def audit(self) -> list[dict]:
        files = sorted(self.settings.audit_folder.glob("*.json"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def wait_for(self, line: str, seconds: float = 20) -> None:
        """Until the last lines of the log have this one."""
        wait_until(lambda: line in self.log.splitlines()[-1], seconds)


def wait_until(condition, seconds: float = 20) -> float:
    """Seconds until something is so."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)
    return time.monotonic() - began


@contextlib.contextmanager
def postgres_in(folder: Path, *options: str) -> Iterator[Postgres]:
    """A PostgreSQL over copies in a folder, stopped at the end; skipped where there is none."""
    try:
        find_postgres()
    except PostgresError as error:
        # PostgreSQL is of the system's package, and without it there is nothing to ask.
        pytest.skip(f"NOTHING OF POSTGRESQL IS TESTED: {error}")
    readers = Readers(folder, free_port())
    readers.prepare()
    with a_folder_for_postgres() as cluster:
        postgres = Postgres(readers, cluster / "cluster", free_port())
        started = postgres.start(*options)
        assert started.returncode == 0, started.stdout + started.stderr
        try:
            yield postgres
        finally:
            run_throng("serve", "postgres", "stop", env=postgres.env)


@contextlib.contextmanager
def a_folder_for_postgres() -> Iterator[Path]:
    """Where PostgreSQL's user can go: as root it is another, who cannot enter pytest's folders."""
    folder = Path(tempfile.mkdtemp(prefix="throng-"))
    folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Elsewhere:
    """A PostgreSQL that is not ours, with a database `reports`."""

    binaries: Path
    folder: Path

    def psql(self, *arguments: str, **options) -> str:
        """What psql prints of the last statement, as the superuser."""
        done = subprocess.run(
            [
                *(str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-h", str(self.folder)),
                *("-U", "boss", "-d", "reports", "-v", "ON_ERROR_STOP=1", *arguments),
            ],
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


@contextlib.contextmanager
def postgres_elsewhere() -> Iterator[Elsewhere]:
    """A PostgreSQL as somebody else has it: with everything that is there after initdb."""
    binaries = find_postgres().folder
    account = PostgresSettings(account="postgres" if os.geteuid() == 0 else None).as_account()
    with a_folder_for_postgres() as folder:
        folder.chmod(0o777)
        data = folder / "data"
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/", **account}
        initdb = ("initdb", "-D", str(data), "-U", "boss", "-A", "trust", "-E", "UTF8", "--no-sync")
        start = ("pg_ctl", "start", "-w", "-D", str(data), "-l", str(data / "log"), "-o", options)
        stop = ("pg_ctl", "stop", "-m", "immediate", "-D", str(data))
        for name, *arguments in (initdb, start):
            subprocess.run([str(binaries / name), *arguments], **run)
        try:
            createdb = [str(binaries / "createdb"), "-h", str(folder), "-U", "boss", "reports"]
            subprocess.run(createdb, check=True)
            yield Elsewhere(binaries, folder)
        finally:
            subprocess.run([str(binaries / stop[0]), *stop[1:]], **run)
