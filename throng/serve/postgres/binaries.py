"""The PostgreSQL of this machine: where it is, and which of its libraries are there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from throng.serve.folders import ServeError

#: 15 is the first that writes its log as JSON.
LEAST_VERSION = 15
_NEEDED = ("postgres", "initdb")
_PLACES = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/usr", "pgsql-*/bin"),  # packages of postgresql.org for Red Hat and others
)
_LIBRARIES = ("../lib", "../lib64/pgsql", "../lib/pgsql", "../lib/postgresql", "../lib64")


class PostgresError(ServeError):
    """PostgreSQL cannot do what was asked; the message says why and what to change."""


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL.

    Attributes:
        folder: where postgres and initdb are.
        version: its major version.
    """

    folder: Path
    version: int

    def has_library(self, name: str) -> bool:
        """Whether it can load a library of this name, such as pgaudit."""
        return any((self.folder.resolve() / place / f"{name}.so").exists() for place in _LIBRARIES)


def find_postgres() -> Binaries:
    """The PostgreSQL of THRONG_POSTGRES_BIN, else the newest of the system's packages, else that of
    the PATH.

    Raises:
        PostgresError: there is none, or it is too old.
    """
    configured = os.environ.get("THRONG_POSTGRES_BIN")
    folders = [Path(configured)] if configured else _folders()
    found = [folder for folder in folders if all((folder / name).exists() for name in _NEEDED)]
    if not found:
        where = f"in {configured}" if configured else "on this machine"
        raise PostgresError(
            f"There is no PostgreSQL (postgres, initdb) {where}: install it (Debian, Ubuntu: "
            "apt-get install postgresql), or set THRONG_POSTGRES_BIN, or write files for one "
            "elsewhere: throng serve postgres files FOLDER."
        )
    newest = max((Binaries(folder, _version(folder)) for folder in found), key=_by_version)
    if newest.version < LEAST_VERSION:
        raise PostgresError(
            f"The PostgreSQL in {newest.folder} has version {newest.version}; {LEAST_VERSION} is "
            "the first that does."
        )
    return newest


def _by_version(binaries: Binaries) -> int:
    return binaries.version


def _folders() -> list[Path]:
    folders = [path for place, pattern in _PLACES for path in Path(place).glob(pattern)]
    on_path = shutil.which("postgres")
    return folders or ([Path(on_path).resolve().parent] if on_path else [])


def _version(folder: Path) -> int:
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise PostgresError(f"{folder / 'postgres'} does not run ({error.strerror}).") from None
    number = re.search(r"(\d+)", done.stdout)
    return int(number[1]) if number else 0
