"""Start, stop and look at the server from outside it."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import psutil
from pyhive import exc, hive
from thrift.Thrift import TException

from throng.files import is_open_to_others
from throng.keys.keyring import KeyFileError, ensure_key_file
from throng.server.java import JavaNotFoundError, find_java
from throng.server.password import (
    PASSWORD_VARIABLE,
    PasswordError,
    ensure_password_file,
    password,
    password_file,
)
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
)
from throng.server.settings import LOCK_TAKEN, LOOPBACK, ServerSettings
from throng.server.spark_home import COMPILE_LONG_METHODS, make_spark_home

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 30
# What this process has said of servers.
_SAID: set[str] = set()


# Of the JVM, where the environment does not say otherwise. Throughput counts, pauses do not, and
# the code of a whole build has room (a build of 213 rows took 113 s instead of 131 s). Spark makes
# new code for every query, which often ends before the second compiler has made it faster: that one
# waits for four times as many calls as by default. The cache of code is swept ten times less often.
# The two together: a twelfth less processor time for a build of two million events.
JAVA_DEFAULTS = (
    "-XX:+UseParallelGC -XX:ReservedCodeCacheSize=512m -XX:SweeperThreshold=5 "
    "-XX:Tier4InvocationThreshold=20000 -XX:Tier4MinInvocationThreshold=2400 "
    "-XX:Tier4CompileThreshold=60000 -XX:Tier4BackEdgeThreshold=160000 " + COMPILE_LONG_METHODS
)


class ServerError(Exception):
    """The server cannot do what was asked; the message says why and what to change."""


@dataclass(frozen=True)
class RunningServer:
    """A server found running, as it wrote itself down."""

    pid: int
    java_pid: int
    started_at: float
    metastore_port: int
    settings: ServerSettings

    @property
    def address(self) -> str:
        """host:port of the Thrift server."""
        return f"{self.settings.host}:{self.settings.port}"

    def processes(self) -> list[psutil.Process]:
        """The driver and everything it started, Python workers included."""
        return process_tree(self.pid)

    def memory_mb(self) -> float:
        """Resident memory of all its processes, MB."""
        total = 0
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total / 2**20


def find_running(settings: ServerSettings) -> RunningServer | None:
    """The server of this warehouse folder, or None; a state file left by a killed one is None."""
    state = read_state(settings.state_file)
    if state is None:
        return None
    return RunningServer(
        pid=state["pid"],
        java_pid=state["java_pid"],
        started_at=state["started_at"],
        metastore_port=state["metastore_port"],
        settings=ServerSettings.from_json(json.dumps(state["settings"])),
    )


def start(
    settings: ServerSettings, say: Callable[[str], None], asked_for: Iterable[str] = ()
) -> RunningServer:
    """Start the server and return once it answers a query. Does nothing if it runs already.

    Args:
        settings: what to start it with.
        say: receives lines for the user.
        asked_for: names of the settings that somebody gave now; a server that runs already must
            agree with these (and with host and port) only.

    Raises:
        ServerError: it cannot start; nothing is left running.
    """
    running = find_running(settings)
    if running:
        _check_same(running, settings, {"host", "port", *asked_for})
        say(
            f"The server already runs on {running.address} (pid {running.pid}), warehouse "
            f"{settings.warehouse}."
        )
        return running
    _check_host(settings.host)
    try:
        java = find_java()
        ensure_key_file()
        if settings.auth == "password":
            ensure_password_file()
    except (JavaNotFoundError, KeyFileError, PasswordError) as error:
        raise ServerError(str(error)) from None
    _check_lock(settings)
    _make_run_folder(settings)
    _check_port(settings.host, settings.port)
    _check_memory(settings)
    if settings.auth == "none":
        say(
            "Warning: THRONG_AUTH is none, so the server asks for no password: whoever has an "
            "account on this machine can read and write all that this user can."
        )
    say(
        f"Starting the server on {settings.host}:{settings.port}, warehouse {settings.warehouse} "
        f"(Java {java.version}) ..."
    )
    environment = {
        # SQL can read the environment, so the password is not in it. Hive's variables would come
        # before our settings of host and port.
        **{
            name: value
            for name, value in os.environ.items()
            if name != PASSWORD_VARIABLE and not name.startswith("HIVE_SERVER2_")
        },
        "JAVA_HOME": str(java.home),
        "SPARK_HOME": str(make_spark_home(settings.run_folder / "spark_home", settings.is_local)),
        "SPARK_DRIVER_MEMORY": settings.memory,
        # What Spark itself binds: its web page, and its ports unless spark.driver.host is set.
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "pyspark-shell",
        "THRONG_RUN_FOLDER": str(settings.run_folder),
        "JDK_JAVA_OPTIONS": os.environ.get("JDK_JAVA_OPTIONS", JAVA_DEFAULTS),
    }
    driver = spawn(
        [sys.executable, "-m", "throng.server.driver", settings.to_json()],
        settings.log_file,
        environment,
    )
    try:
        return _wait_until_it_answers(settings, driver)
    except BaseException:
        kill(process_tree(driver.pid))
        driver.wait()
        raise


def stop(settings: ServerSettings) -> bool:
    """Stop the server of this warehouse; False if none runs. Returns once all is gone."""
    running = find_running(settings)
    if running is None:
        return False
    end([running.pid], STOP_TIMEOUT_S)
    settings.state_file.unlink(missing_ok=True)
    return True


def connect(settings: ServerSettings) -> hive.Connection:
    """A PyHive connection to the server.

    Raises:
        ServerError: nothing answers on host and port, or the password is a wrong one.
    """
    try:
        return hive.connect(
            host=settings.host,
            port=settings.port,
            username="throng",
            auth="CUSTOM",
            password=password(),
        )
    except PasswordError as error:
        raise ServerError(str(error)) from None
    except (TException, OSError) as error:
        if "Error validating the login" in str(error):
            raise ServerError(_wrong_password(settings)) from None
        raise ServerError(
            f"No server answers on {settings.host}:{settings.port}. Start it: throng server start"
        ) from None


def _wrong_password(settings: ServerSettings) -> str:
    given = (
        f"that the variable {PASSWORD_VARIABLE} has"
        if os.environ.get(PASSWORD_VARIABLE)
        else f"in {password_file()}"
    )
    return (
        f"The server on {settings.host}:{settings.port} does not accept the password {given}. "
        "That of the server is beside the keyring it was started with: set THRONG_KEY_FILE or "
        "THRONG_PASSWORD_FILE as for its start."
    )


def the_server() -> ServerSettings:
    """The server that a command acts on; one line on stderr says which, once in a process.

    It is where THRONG_HOST and THRONG_PORT say. Without them it is the one that runs for the
    warehouse folder (THRONG_WAREHOUSE), wherever it listens; never whatever answers on port 10000.

    Raises:
        ServerError: there is none, or it has another warehouse than THRONG_WAREHOUSE.
        SettingsError: a THRONG_... variable cannot be used.
    """
    settings = ServerSettings.resolve()
    if not settings.is_address_given:
        running = find_running(settings)
        if running is None:
            raise ServerError(
                f"No server runs for the warehouse {settings.warehouse}. Start it: throng server "
                "start; or say which one is meant: THRONG_WAREHOUSE, or THRONG_HOST and "
                "THRONG_PORT."
            )
        settings = replace(settings, host=running.settings.host, port=running.settings.port)
    warehouse = _warehouse_of(settings)
    asked = os.environ.get("THRONG_WAREHOUSE")
    if asked and Path(warehouse) != settings.warehouse:
        raise ServerError(
            f"The server on {settings.host}:{settings.port} has the warehouse {warehouse}, not "
            f"{settings.warehouse}, which THRONG_WAREHOUSE names. Set THRONG_PORT to the port of "
            "the one you mean, or leave it out (throng server status)."
        )
    line = f"Server {settings.host}:{settings.port}, warehouse {warehouse}"
    if line not in _SAID:
        _SAID.add(line)
        print(line, file=sys.stderr)
    return settings


def _warehouse_of(settings: ServerSettings) -> str:
    """The warehouse folder of the server that answers on host and port."""
    with contextlib.closing(connect(settings)) as connection:
        cursor = connection.cursor()
        # Of the setting spark.sql.warehouse.dir Spark hides a path that has "secret" in it.
        cursor.execute("describe database default")
        location = dict(cursor.fetchall())["Location"]
    path = unquote(urlparse(location).path) if location.startswith("file:") else location
    return path.rstrip("/").removesuffix("/tables")


def is_missing_table(error: exc.OperationalError) -> bool:
    """Whether a statement failed because a table or a schema is not there."""
    return "TABLE_OR_VIEW_NOT_FOUND" in str(error) or "SCHEMA_NOT_FOUND" in str(error)


def missing_udfs(settings: ServerSettings) -> list[str]:
    """Names of the registry that a new session of the server does not know."""
    # Not at the top: it takes a second to import, which clients of the server can do without.
    from throng.udfs import REGISTRY

    with contextlib.closing(connect(settings)) as connection:
        cursor = connection.cursor()
        cursor.execute("show functions")
        known = {name.split(".")[-1] for (name,) in cursor.fetchall()}
    return [udf.sql_name for udf in REGISTRY if udf.sql_name not in known]


def _check_same(running: RunningServer, asked: ServerSettings, names: set[str]) -> None:
    differing = [
        f"{name.replace('_', ' ')} {getattr(running.settings, name)}"
        for name in sorted(names)
        if getattr(running.settings, name) != getattr(asked, name)
    ]
    if differing:
        raise ServerError(
            f"The warehouse {asked.warehouse} already has a server on {running.address} (pid "
            f"{running.pid}), started differently: {', '.join(differing)}. Use that one with the "
            "same settings, stop it (throng server stop), or give another --warehouse."
        )


def _make_run_folder(settings: ServerSettings) -> None:
    try:
        # Subscriber-level tables live here: only for the user who runs the server.
        for folder in (settings.warehouse, settings.run_folder, settings.warehouse / "tables"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(settings.run_folder / "tmp", ignore_errors=True)
        (settings.run_folder / "tmp").mkdir(mode=0o700)
        # Hive looks for a folder of this user there at the end of every session.
        (settings.run_folder / "tmp" / getpass.getuser()).mkdir(mode=0o700)
    except OSError as error:
        raise ServerError(
            f"The warehouse folder {settings.warehouse} cannot be made ({error.strerror}). "
            "Choose another: --warehouse or THRONG_WAREHOUSE."
        ) from None
    _check_folders(settings)


def _check_folders(settings: ServerSettings) -> None:
    """Tables, spill and event logs are about subscribers: nobody else may enter their folders.

    The first two are below the warehouse folder; who cannot enter that reaches neither.
    """
    folders = [settings.warehouse]
    if settings.spark_conf.get("spark.eventLog.enabled") == "true":
        location = urlparse(settings.spark_conf.get("spark.eventLog.dir", "/tmp/spark-events"))
        if location.scheme in ("", "file"):
            folders.append(Path(unquote(location.path)))
    for folder in folders:
        if folder.is_dir() and is_open_to_others(folder.stat()):
            raise ServerError(
                f"Others can enter {folder}, where tables or logs about subscribers lie: run "
                "chmod 700 on it."
            )


def _check_lock(settings: ServerSettings) -> None:
    lock = settings.run_folder / "lock"
    if not lock.exists():
        return
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ServerError(_locked_sentence(settings, file.read())) from None


def _locked_sentence(settings: ServerSettings, pid: str) -> str:
    return (
        f"The metastore in {settings.warehouse} is locked by another server (pid {pid or '?'}). "
        "Stop that one, wait until it has started, or give another --warehouse."
    )


def _check_host(host: str) -> None:
    if host not in LOOPBACK:
        raise ServerError(
            f"The server cannot listen on {host}: whoever has its password can read all that "
            "this user can, so it is for this machine only (127.0.0.1). From elsewhere use an ssh "
            "tunnel; on a cluster the address of the driver is --conf spark.driver.host=ADDRESS."
        )


def _check_port(host: str, port: int) -> None:
    if problem := why_port_is_taken(host, port):
        raise ServerError(f"{problem} Choose another: --port or THRONG_PORT (dbt reads it too).")


def _check_memory(settings: ServerSettings) -> None:
    if problem := why_memory_lacks(
        "the server", settings.memory, settings.memory_mb, "THRONG_MEMORY"
    ):
        raise ServerError(problem)


def _wait_until_it_answers(settings: ServerSettings, driver: subprocess.Popen) -> RunningServer:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if driver.poll() is not None:
            raise ServerError(_why_it_ended(settings, driver.returncode))
        running = find_running(settings)
        if running and running.pid == driver.pid and _answers(settings):
            return running
        time.sleep(0.2)
    raise ServerError(
        f"The server did not answer within {START_TIMEOUT_S} s and was ended. "
        f"Its log: {settings.log_file}"
    )


def _answers(settings: ServerSettings) -> bool:
    try:
        with contextlib.closing(connect(settings)) as connection:
            cursor = connection.cursor()
            cursor.execute("select 1")
            return cursor.fetchall() == [(1,)]
    except (ServerError, TException, hive.Error):
        return False


def _why_it_ended(settings: ServerSettings, return_code: int) -> str:
    """The reason for a failed start in plain words, from the exit code and the log."""
    log = settings.log_file.read_text(errors="replace")
    if return_code == LOCK_TAKEN or "XSDB6" in log:
        return _locked_sentence(settings, (settings.run_folder / "lock").read_text())
    if said := why_java_ended(log, settings.host, settings.port, settings.memory, "THRONG_PORT"):
        return said
    return (
        f"The server ended while it started: {last_line(log)}\nThe whole log: {settings.log_file}"
    )


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` lines of a text file."""
    return path.read_text(errors="replace").splitlines()[-lines:]
