"""A Superset of this project: its folder, its installation, and its process."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from throng.serve.roles import add_user, read_roles
from throng.server.processes import (
    kill,
    last_line,
    process_tree,
    runs_since,
    why_port_is_taken,
)
from throng.superset.bundle import READER

FILES = Path("bi/superset")
USER = "admin"
HOST = "127.0.0.1"
START_TIMEOUT_S = 180
#: Versions of Python that Superset 6.1 runs on; the first was tried.
PYTHONS = ("3.11", "3.12")

Say = Callable[[str], None]


class SupersetError(Exception):
    """Superset cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Instance:
    """What belongs to one Superset.

    Attributes:
        home: folder of everything that it keeps; never in git.
        port: where it listens, on loopback.
        certificate: what it trusts of the reader server: a file, "system" or "none".
    """

    home: Path
    port: int
    certificate: str = "none"

    @property
    def python(self) -> Path:
        """Superset's own Python."""
        return self.home / "venv" / "bin" / "python"

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What Superset and its installation say."""
        return self.home / "superset.log"

    @property
    def password(self) -> Path:
        """File with the password of the admin user."""
        return self.home / "admin_password"

    @property
    def reader_password(self) -> Path:
        """File with its password as a user of the reader server."""
        return self.home / "reader_password"

    @property
    def state(self) -> Path:
        """Written at the start, removed at the stop."""
        return self.home / "process.json"

    @property
    def bundle(self) -> Path:
        """The datasets and dashboards to import."""
        return self.home / "bundle.zip"

    @property
    def imported(self) -> Path:
        """Digest of the bundle that was imported last."""
        return self.home / "imported"

    def environment(self) -> dict[str, str]:
        """Of every process of Superset: no setting of the user's reaches it."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SUPERSET_", "FLASK_", "PYTHON", "THRONG_", "DBT_"))
        }
        return {
            **kept,
            "FLASK_APP": "superset.app:create_app()",
            "PYTHONPATH": "",
            "SCARF_ANALYTICS": "false",
            "SUPERSET_CONFIG_PATH": str((FILES / "superset_config.py").absolute()),
            "SUPERSET_HOME": str(self.home),
            "THRONG_SUPERSET_HOME": str(self.home),
            "THRONG_READER_CERTIFICATE": self.certificate,
        }


def require_project() -> None:
    """Check that this is the folder of the project.

    Raises:
        SupersetError: it is another one.
    """
    if not (FILES / "requirements.txt").exists():
        raise SupersetError(f"There is no {FILES} here. Run this in the project's folder.")


def make_home(instance: Instance) -> None:
    """The folder, for its owner only: it holds a key, a password and the sessions of users."""
    instance.home.mkdir(parents=True, exist_ok=True)
    instance.home.chmod(0o700)
    if not instance.log.exists():
        instance.log.touch(mode=0o600)


def install(instance: Instance, say: Say) -> None:
    """Install Superset into its own environment, unless it is there in these versions.

    Raises:
        SupersetError: there is no Python for it, or the installation failed.
    """
    requirements = FILES / "requirements.txt"
    mark = instance.home / "venv" / "installed"
    wanted = _digest(requirements)
    if _is_done(mark, wanted):
        return
    say(f"Installing Superset into {instance.home / 'venv'} (800 MB, a few minutes) ...")
    if not instance.python.exists():
        _run(
            instance, [_python(), "-m", "venv", str(instance.home / "venv")], "make an environment"
        )
    pip = [str(instance.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(instance, [*pip, "-r", str(requirements)], "install Superset")
    mark.write_text(wanted)


def _python() -> str:
    """A Python that Superset runs on.

    Raises:
        SupersetError: there is none.
    """
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found in PYTHONS:
        return sys.executable
    for version in PYTHONS:
        if path := shutil.which(f"python{version}"):
            return path
    raise SupersetError(
        f"Superset needs Python {' or '.join(PYTHONS)}; this is {found} and there is no "
        f"python{PYTHONS[0]} on the PATH. Install one."
    )


def make_database(instance: Instance, say: Say) -> None:
    """Superset's own tables, roles and permissions, unless this version has made them.

    Raises:
        SupersetError: Superset failed; the log says why.
    """
    mark = instance.home / "database_made"
    wanted = _digest(FILES / "requirements.txt")
    if _is_done(mark, wanted):
        return
    superset = [str(instance.python.with_name("superset"))]
    say("Making Superset's own database ...")
    _run(instance, [*superset, "db", "upgrade"], "make its database")
    (instance.home / "superset.db").chmod(0o600)
    say("Making roles and permissions ...")
    _run(instance, [*superset, "init"], "make its roles")
    mark.write_text(wanted)


def ensure_password(instance: Instance) -> bool:
    """Make the admin's password if there is none; whether it was made now."""
    return _ensure_password(instance.password)


def ensure_reader(instance: Instance, roles: Path, role: str) -> bool:
    """Make Superset a user of the reader server; whether it is a new one or has another role.

    Raises:
        RolesError: there is no such role, or the file of users and roles cannot be used.
    """
    is_new = _ensure_password(instance.reader_password)
    known = read_roles(roles).users.get(READER)
    if not is_new and known and known.role == role:
        return False
    add_user(roles, READER, role, instance.reader_password.read_text())
    return True


def _ensure_password(file: Path) -> bool:
    if file.exists():
        return False
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(secrets.token_urlsafe(15))
    return True


def import_bundle(instance: Instance, n_charts: int, say: Say) -> None:
    """Import the bundle, unless it is what was imported last: changes that users made then stay.

    Raises:
        SupersetError: it was not imported.
    """
    wanted = _digest(instance.bundle)
    if _is_done(instance.imported, wanted):
        return
    say(f"Importing the dashboards ({n_charts} charts) ...")
    script = str(FILES / "prepare.py")
    arguments = [script, USER, str(instance.password), str(instance.bundle)]
    _run(instance, [str(instance.python), *arguments], "import the dashboards")
    instance.imported.write_text(wanted)


def _run(instance: Instance, command: list[str], what: str) -> None:
    with instance.log.open("a") as log:
        done = subprocess.run(
            command, env=instance.environment(), stdout=log, stderr=log, check=False
        )
    if done.returncode != 0:
        raise SupersetError(
            f"Superset could not {what}: {last_line(instance.log.read_text(errors='replace'))} "
            f"(log: {instance.log})"
        )


def find_running(instance: Instance) -> tuple[int, int] | None:
    """Process and port of the Superset of this folder, or None."""
    try:
        state = json.loads(instance.state.read_text())
        if not runs_since(state["pid"], state["started_at"]):
            return None
    except (OSError, ValueError, KeyError):
        return None
    return state["pid"], state["port"]


def require_port(instance: Instance) -> None:
    """Check that the port is free.

    Raises:
        SupersetError: it is not.
    """
    if why := why_port_is_taken(HOST, instance.port):
        raise SupersetError(f"{why} Choose another: throng superset start --port N")


def start(instance: Instance, say: Say) -> None:
    """Start Superset and return once it answers.

    Raises:
        SupersetError: it does not; nothing is left running.
    """
    say(f"Starting Superset on {instance.address} ...")
    command = [
        *(str(instance.python), "-m", "gunicorn", "--bind", f"{HOST}:{instance.port}"),
        # One process with threads: they wait for the Thrift server most of the time.
        *("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "300"),
        "superset.app:create_app()",
    ]
    with instance.log.open("a") as log:
        process = subprocess.Popen(
            command,
            env=instance.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started_at = psutil.Process(process.pid).create_time()
    state = {"pid": process.pid, "started_at": started_at, "port": instance.port}
    instance.state.write_text(json.dumps(state))
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _answers(instance):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(instance)
            said = last_line(instance.log.read_text(errors="replace"))
            raise SupersetError(f"Superset did not start: {said} (log: {instance.log})")
        time.sleep(0.5)


def _answers(instance: Instance) -> bool:
    try:
        with urllib.request.urlopen(f"{instance.address}/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def stop(instance: Instance) -> bool:
    """Stop the Superset of this folder; whether one ran."""
    running = find_running(instance)
    if running:
        processes = process_tree(running[0])
        for process in processes[:1]:
            process.terminate()
        _, left = psutil.wait_procs(processes, timeout=15)
        kill(left)
    instance.state.unlink(missing_ok=True)
    return running is not None


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _is_done(mark: Path, digest: str) -> bool:
    """Whether a step was done for what has this digest now; the step writes it down at its end."""
    return mark.exists() and mark.read_text() == digest
