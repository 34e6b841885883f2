"""Start, stop and look at the reader server from outside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from throng.serve.copies import Copy, CopyError, copy_in_force
from throng.serve.folders import ServeError, check_private, make_private
from throng.serve.roles import RolesError, read_roles
from throng.serve.sandbox import SandboxError, sandboxed
from throng.serve.settings import ServeSettings
from throng.serve.tls import TlsError, certificate_file, ensure_keystore
from throng.server.java import Java, JavaNotFoundError, find_java
from throng.server.processes import (
    end,
    kill,
    last_line,
    process_tree,
    read_state,
    spawn,
    why_java_ended,
    why_memory_lacks,
    why_port_is_taken,
    write_state,
)
from throng.server.settings import LOCK_TAKEN
from throng.server.spark_home import make_spark_home

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 30
_DRIVER = ("-m", "throng.serve.driver")
_JAVA_DEFAULTS = "-XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m -XX:SweeperThreshold=5"


@dataclass(frozen=True)
class Running:
    """A reader server found running, as it wrote itself down."""

    pid: int
    java_pid: int
    started_at: float
    settings: ServeSettings

    @property
    def address(self) -> str:
        """host:port of the server."""
        return f"{self.settings.host}:{self.settings.port}"


def find_running(settings: ServeSettings) -> Running | None:
    """The reader server of this folder, or None."""
    state = read_state(settings.state_file)
    if state is None:
        return None
    try:
        found = ServeSettings.from_json(json.dumps(state["settings"]))
    except (ValueError, KeyError):  # written by another version
        return None
    return Running(state["pid"], state["java_pid"], state["started_at"], found)


def find_follower(settings: ServeSettings) -> int | None:
    """The process that follows the build server for this folder, or None."""
    state = read_state(settings.follower_file)
    return state["pid"] if state else None


def start(settings: ServeSettings, say: Callable[[str], None]) -> Running:
    """Start the reader server, and what follows the build server; return once readers can come.

    Args:
        settings: what to start it with.
        say: receives lines for the user.

    Raises:
        ServeError: it cannot start; nothing is left running.
    """
    if running := find_running(settings):
        say(f"The reader server already runs on {running.address} (pid {running.pid}).")
        return running
    try:
        java = find_java()
        read_roles(settings.roles)
        _make_folders(settings)
        if settings.is_encrypted and settings.keystore is None:
            keystore, password = ensure_keystore(settings.tls_folder, java, settings.host)
            settings = replace(settings, keystore=keystore, keystore_password_file=password)
        for path in (settings.keystore, settings.keystore_password_file):
            if path is not None:
                check_private(path)
        driver = [sys.executable, *_DRIVER, settings.to_json()]
        environment = _environment(settings, java)
        if settings.is_sandboxed:
            driver = sandboxed(driver, settings, environment)
    except (JavaNotFoundError, RolesError, TlsError, SandboxError) as error:
        raise ServeError(str(error)) from None
    if problem := why_port_is_taken(settings.host, settings.port):
        raise ServeError(f"{problem} Choose another: --port or THRONG_SERVE_PORT.")
    _check_memory(settings)
    if not settings.is_encrypted:
        say("Warning: --no-tls, so passwords and results cross this machine as they are.")
    if not settings.is_sandboxed:
        say(
            "Warning: --without-sandbox, so whoever gets past the guard can read all that this "
            "user can."
        )
    follower = (
        follow(settings, settings.postgres_state_file, say) if settings.is_following else None
    )
    started = None
    try:
        copy = copy_to_serve(settings.copies, settings.is_following)
        say(
            f"Starting the reader server on {settings.host}:{settings.port} with copy "
            f"{copy.number}, {len(copy.marts)} marts (Java {java.version}) ..."
        )
        door = [sys.executable, "-m", "throng.serve.door", settings.to_json(), *driver]
        started = spawn(door, settings.log_file, environment)
        return _wait_until_it_listens(settings, started)
    except BaseException:
        for process in (started, follower):
            if process is not None:
                kill(process_tree(process.pid))
                process.wait()
        raise


def stop(settings: ServeSettings) -> bool:
    """Stop the reader server of this folder and what follows for it; False if none runs."""
    running = find_running(settings)
    end([running.pid] if running else [], STOP_TIMEOUT_S)
    settings.state_file.unlink(missing_ok=True)
    stop_following(settings, settings.postgres_state_file)
    return running is not None


def stop_following(settings: ServeSettings, other: Path) -> None:
    """End what follows the build server, unless the other server of this folder needs it.

    Args:
        settings: of the folder.
        other: where the other server writes itself down.
    """
    if read_state(other) is None:
        follower = find_follower(settings)
        end([follower] if follower else [], STOP_TIMEOUT_S)
        settings.follower_file.unlink(missing_ok=True)


def how_to_connect(settings: ServeSettings) -> list[str]:
    """Lines that connect Beeline and PyHive."""
    host, certificate = client_host(settings.host), own_certificate(settings)
    address = f"jdbc:hive2://{host}:{settings.port}/marts"
    more = ""
    if not settings.is_encrypted:
        more = ", is_encrypted=False"
    elif certificate:
        trust = settings.tls_folder / "truststore.p12"
        address += f";ssl=true;sslTrustStore={trust};trustStorePassword=changeit"
        more = f', Path("{certificate}")'
    else:
        address += ";ssl=true"
    return [
        f"Beeline  {address}",
        f'PyHive   throng.serve.client.connect("{host}", {settings.port}, USER, PASSWORD{more})',
    ]


def client_host(host: str) -> str:
    """The name by which clients on this machine reach what listens on an address."""
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host


def own_certificate(settings: ServeSettings) -> Path | None:
    """The certificate that the first start has made; None where another one is given."""
    is_ours = settings.keystore is None or settings.keystore.parent == settings.tls_folder
    return certificate_file(settings.tls_folder) if settings.is_encrypted and is_ours else None


def _environment(settings: ServeSettings, java: Java) -> dict[str, str]:
    """All that the server knows of its surroundings: no key, no password of the build."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(settings.run_folder),
        "JAVA_HOME": str(java.home),
        "SPARK_HOME": str(make_spark_home(settings.run_folder / "spark_home", is_local=True)),
        "SPARK_DRIVER_MEMORY": settings.memory,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "pyspark-shell",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "THRONG_RUN_FOLDER": str(settings.run_folder),
        "JDK_JAVA_OPTIONS": os.environ.get("JDK_JAVA_OPTIONS", _JAVA_DEFAULTS),
    }


def follow(
    settings: ServeSettings, other: Path, say: Callable[[str], None]
) -> subprocess.Popen[bytes] | None:
    """Copy what is published, and start the process that copies it again when it changes.

    Args:
        settings: of the folder.
        other: where the other server of this folder writes itself down. If it runs and has such a
            process, there is nothing to do.
        say: receives lines for the user.

    Raises:
        ServeError: what is published cannot be copied.
    """
    from throng.marts.arrow import ExportError
    from throng.serve.follow import copy_published
    from throng.server.control import ServerError, the_server
    from throng.server.settings import SettingsError

    if read_state(other) and find_follower(settings):
        return None
    say("Copying what is published ...")
    try:
        copy_published(the_server(), settings.copies)
    except (ServerError, SettingsError, CopyError, ExportError) as error:
        raise ServeError(str(error)) from None
    if pid := find_follower(settings):  # left by a server that was killed
        kill(process_tree(pid))
    process = spawn(
        [sys.executable, "-m", "throng.serve.follow", settings.to_json()],
        settings.run_folder / "follow.log",
        os.environ,
    )
    write_state(settings.follower_file, process.pid)
    return process


def copy_to_serve(copies: Path, is_following: bool) -> Copy:
    """The copy to start with.

    Raises:
        ServeError: there is none, and nothing makes one.
    """
    try:
        return copy_in_force(copies)
    except CopyError as error:
        hint = "" if is_following else " Leave out --no-follow to have one made."
        raise ServeError(f"{error}{hint}") from None


def _make_folders(settings: ServeSettings) -> None:
    folders = [settings.folder, settings.copies, settings.run_folder, settings.audit_folder]
    make_private(settings.folder, [*folders, settings.tls_folder])
    tmp = settings.run_folder / "tmp"
    shutil.rmtree(tmp, ignore_errors=True)
    make_private(settings.folder, [tmp])


def _check_memory(settings: ServeSettings) -> None:
    if problem := why_memory_lacks(
        "the reader server", settings.memory, settings.memory_mb, "THRONG_SERVE_MEMORY"
    ):
        raise ServeError(problem)


def _wait_until_it_listens(settings: ServeSettings, door: subprocess.Popen[bytes]) -> Running:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if door.poll() is not None:
            raise ServeError(_why_it_ended(settings, door.returncode))
        if running := find_running(settings):
            return running
        time.sleep(0.2)
    raise ServeError(
        f"The reader server did not listen within {START_TIMEOUT_S} s and was ended. Its log: "
        f"{settings.log_file}"
    )


def _why_it_ended(settings: ServeSettings, return_code: int) -> str:
    log = settings.log_file.read_text(errors="replace")
    if return_code == LOCK_TAKEN:
        return (
            f"Another reader server is using {settings.folder}: stop that one, or give another "
            "--folder."
        )
    if said := why_java_ended(
        log, settings.host, settings.port, settings.memory, "THRONG_SERVE_PORT"
    ):
        return said
    return (
        f"The reader server ended while it started: {last_line(log)}\n"
        f"The whole log: {settings.log_file}"
    )
