"""What all tests share: the project's folder, dbt as a process, one server for the session."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psutil
import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from pyhive import hive
from xdist.scheduler import LoadFileScheduling

from tests.python.support import collected
from throng.server.password import PASSWORD_VARIABLE
from throng.server.processes import free_port

PROJECT = Path(__file__).parents[2]


# Files that take longest, the longest first: two workers take one file after the other, and a long
# one at the end would leave one of them idle. A file that is not named comes after these. Without a
# server, test_synth.py is for the other worker while the first server of a fresh clone compiles the
# stops: later servers find them compiled.
LONGEST_FIRST = (
    "test_country_counted_again.py",
    "test_synthetic_country.py",
    "test_synth.py",
    "test_edge_country.py",
    "test_mutations.py",
    "test_release.py",
    "test_noise_options.py",
    "test_attacks.py",
    "test_retention.py",
    "test_profiles.py",
    "test_listeners.py",
    "test_server.py",
    "test_bad_input.py",
)


# Files that look at the same build; each other file is a group of its own.
GROUPS = {
    "test_country_counted_again.py": "synthetic country",
    "test_synthetic_country.py": "synthetic country",
}


def pytest_configure(config: pytest.Config) -> None:
    """test_suite.py asks which tests there are."""
    config.pluginmanager.register(collected)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the tests of a file stay in their order."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


class Groups(LoadFileScheduling):
    """A worker takes a file, or all files of a group.

    The marks of pytest-xdist 3.8 for that (loadgroup) have no effect with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return GROUPS.get(Path(file).name, file)


@pytest.hookimpl(optionalhook=True)  # there is none without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Groups:
    """Who hands out the tests to the workers."""
    return Groups(config, log)


def clean_environment(**values: str) -> dict[str, str]:
    """The environment without the developer's own THRONG_* and DBT_* settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("THRONG_", "DBT_"))}
    return {**kept, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **values}


def run_throng(
    *arguments: str, env: dict[str, str], timeout: float = 900, **options
) -> subprocess.CompletedProcess:
    """The `throng` command as a user runs it."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "throng"), *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **options,
    )


def dbt_options(target: Path, logs: Path) -> list[str]:
    """Of every run of dbt: what it writes goes to these folders, never into the project."""
    return ["--no-use-colors", "--target-path", str(target), "--log-path", str(logs)]


def dbt_command(*arguments: str, target: Path, logs: Path) -> list[str]:
    """The `dbt` command."""
    dbt = str(Path(sys.executable).parent / "dbt")
    return [dbt, *arguments, *dbt_options(target, logs)]


def copy_project(folder):
    """The dbt project without its Python side, to be changed by a test."""
    for name in ("models", "macros", "seeds", "tests", "analyses"):
        shutil.copytree(
            PROJECT / name, folder / name, ignore=shutil.ignore_patterns("python", "__pycache__")
        )
    shutil.copy(PROJECT / "dbt_project.yml", folder)
    return folder


def change(file: Path, before: str, after: str) -> None:
    """Another text in a file of a copied project, which must have the text that it replaces."""
    text = file.read_text()
    assert before in text, file
    file.write_text(text.replace(before, after))


# Of a build that is about its data: dbt's unit tests are about the code, and the builds of
# test_country_counted_again.py and test_edge_country.py run them.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


# Java of the tests: Spark makes new code for every query, and on tiny tables the second compiler
# takes more than its code saves. The cache of code is as large as with it. Two servers on two cores
# leave none free to collect garbage beside the work; a heap that has its size from the start is
# collected half as often.
QUICK_TO_COMPILE = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC "
    "-Xms2g -Xmn600m -XX:MetaspaceSize=300m -XX:SweeperThreshold=5"
)


#: Warehouses of the tests that have the seed of the words of events.
_SEEDED: set[Path] = set()

#: Vars that decide which models there are, what they read and how their tables are laid out. The
#: others stand in SQL and in checks, which dbt writes anew in each run (a policy test compares).
VARS_OF_THE_GRAPH = ("feeds", "subscriber_buckets", "exclude_suspicious", "noise_mechanism")
#: A folder of this run of the tests, for what one worker has made and another needs too.
_SHARED: list[Path] = []


def dbt_in_process(
    options: list[str],
    project: Path,
    environment: dict[str, str],
    manifest: Manifest | None = None,
) -> subprocess.CompletedProcess:
    """Run dbt by its own programming interface: as a process it spends two seconds on its start.

    Args:
        options: what follows `dbt` on the command line.
        project: the folder to run it in.
        environment: all variables that dbt sees.
        manifest: the project as dbt has read it before; None: dbt reads it now.
    """
    said = io.StringIO()
    with (
        contextlib.chdir(project),
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.redirect_stdout(said),
    ):
        result = dbtRunner(manifest=manifest).invoke(options)
    status = 0 if result.success else 2 if result.exception else 1
    return subprocess.CompletedProcess(options, status, said.getvalue(), "")


def manifest_for(dbt_vars: dict, target: Path, environment: dict[str, str]) -> Manifest:
    """The project as dbt reads it, read once for all runs that differ in other vars only.

    dbt reads all files again when any var is another one, which takes as long as a small build.
    """
    key = json.dumps({name: dbt_vars[name] for name in VARS_OF_THE_GRAPH if name in dbt_vars})

    def read() -> bytes:
        options = ["parse", "--vars", key, *dbt_options(target, target)]
        done = dbt_in_process(options, PROJECT, environment)
        assert done.returncode == 0, done.stdout
        return (target / "partial_parse.msgpack").read_bytes()

    manifest = Manifest.from_msgpack(made_once(f"parsed {key}", read))
    manifest.build_flat_graph()  # what SQL sees as `graph`; dbt does not keep it
    return manifest


@pytest.fixture(scope="session", autouse=True)
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    _SHARED[:] = [base.parent if "PYTEST_XDIST_WORKER" in os.environ else base]


def made_once(name: str, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, of this worker or of one that has made it before."""
    file = _SHARED[0] / hashlib.sha256(name.encode()).hexdigest()
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            made = make()
            file.write_bytes(made)
            return made
    return file.read_bytes()


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
        """What `throng server env` says, and what the tests need besides."""
        return clean_environment(
            THRONG_PORT=str(self.port),
            THRONG_WAREHOUSE=str(self.warehouse),
            THRONG_KEY_FILE=str(self.key_file),
            THRONG_TARGET="ci",
            DBT_PROFILES_DIR=str(PROJECT / "profiles"),
            **({PASSWORD_VARIABLE: self.password()} if self.password_file.exists() else {}),
        )

    @property
    def password_file(self) -> Path:
        return self.key_file.with_name("server.password")

    def password(self) -> str:
        return self.password_file.read_text().strip()

    def connect(self, username: str = "test", **options) -> hive.Connection:
        """A connection as any program makes one by PyHive."""
        given = options or {"auth": "CUSTOM", "password": self.password()}
        return hive.connect("127.0.0.1", port=self.port, username=username, **given)

    def start(self, *options: str) -> None:
        """Start it, as it is best for tests."""
        started = run_throng(
            *["server", "start", "--memory", "2g", *options],
            env={**self.env, "JDK_JAVA_OPTIONS": QUICK_TO_COMPILE},
        )
        assert started.returncode == 0, started.stdout + started.stderr

    def keys(self) -> dict[str, bytes]:
        """What is secret in the keyring, by key id."""
        lines = [line.split() for line in self.key_file.read_text().splitlines()]
        return {key_id: bytes.fromhex(secret) for key_id, _, secret in lines}

    def pseudonym(self, identifier: str, key_id: str = "k1") -> int:
        """The pseudonym by hand."""
        key = self.keys()[key_id]
        digest = hmac.new(key, identifier.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def query(self, sql: str) -> list[tuple]:
        connection = self.connect()
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall()
        finally:
            connection.close()

    def env_over(self, landing: Path) -> dict[str, str]:
        """Of `throng` commands that run dbt themselves."""
        return {
            **self.env,
            "THRONG_LANDING": str(landing),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }

    def seed(self, landing: Path, project: Path = PROJECT) -> None:
        """Load the seed that events are read with: `dbt run` builds none."""
        _SEEDED.add(self.warehouse)
        done = self.dbt("seed", "--select", "event_words", landing=landing, project=project)
        assert done.returncode == 0, done.stdout

    def build_untested(self, landing: Path, *arguments: str, **dbt_vars) -> None:
        """Build tables whose tests are not what a test is about."""
        untested = [*WITHOUT_UNIT_TESTS, "test"]
        done = self.dbt("build", *untested, *arguments, landing=landing, **dbt_vars)
        assert done.returncode == 0, done.stdout

    def dbt(
        self,
        *arguments: str,
        landing: Path,
        project: Path = PROJECT,
        is_read_anew: bool = False,
        **dbt_vars,
    ) -> subprocess.CompletedProcess:
        """Run dbt with these vars, in this process, and wait for its end.

        The command itself is run by `throng release`. With `is_read_anew` dbt reads the models with
        these vars, as for a user.
        """
        if arguments[0] == "run" and self.warehouse not in _SEEDED:
            self.seed(landing, project)
        # Of a few rows: one part each of their tables, and one file a day.
        dbt_vars = {"subscriber_buckets": 1, **dbt_vars}
        target, logs = self.folder / "target", self.folder / "logs"
        options = [*arguments, "--vars", json.dumps(dbt_vars), *dbt_options(target, logs)]
        environment = {**self.env, "THRONG_LANDING": str(landing)}
        manifest = None
        if project == PROJECT and not is_read_anew:
            manifest = manifest_for(dbt_vars, target, environment)
        return dbt_in_process(options, project, environment, manifest)


def state(server: Server) -> dict:
    return json.loads((server.warehouse / "server" / "server.json").read_text())


def wait_until_gone(warehouse: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while processes_of(warehouse) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(warehouse) == []


def processes_of(warehouse: Path) -> list[psutil.Process]:
    """Every process whose command line names the warehouse (driver and JVM both do)."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(warehouse) in word for word in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


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
    server.start("--ui-port", str(server.ui_port))
    yield server
    stopped = run_throng("server", "stop", env=server.env)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    """A server for the tests of one file: what they publish stays in its warehouse."""
    with another_server(tmp_path_factory.mktemp("own server")) as server:
        yield server


@contextlib.contextmanager
def another_server(folder: Path, *options: str):
    """A server with a warehouse and key of its own; stopped at the end."""
    server = Server(
        port=free_port(),
        ui_port=0,
        warehouse=folder / "warehouse",
        key_file=folder / "secret" / "key",
        folder=folder,
    )
    server.start(*options)
    try:
        yield server
    finally:
        run_throng("server", "stop", env=server.env)


@pytest.fixture
def own_server(tmp_path):
    """Settings of a server that a test may break; whatever is left of it is stopped."""
    server = Server(
        port=free_port(),
        ui_port=0,
        warehouse=tmp_path / "warehouse",
        key_file=tmp_path / "secret" / "key",
        folder=tmp_path,
    )
    yield server
    run_throng("server", "stop", env=server.env)
    assert processes_of(server.warehouse) == []


def parsed(target: Path, *command: str, **dbt_vars) -> dict:
    """dbt's manifest of the project, from a command that needs no server."""
    environment = clean_environment(DBT_PROFILES_DIR=str(PROJECT / "profiles"))
    options = [*command, "--vars", json.dumps(dbt_vars), *dbt_options(target, target)]
    done = dbt_in_process(options, PROJECT, environment)
    assert done.returncode == 0, done.stdout
    return json.loads((target / "manifest.json").read_text())


def parsed_once(folders: pytest.TempPathFactory, *command: str, **dbt_vars) -> dict:
    """The same, by the first worker that asks."""

    def parse() -> bytes:
        return json.dumps(parsed(folders.mktemp("parse"), *command, **dbt_vars)).encode()

    return json.loads(made_once(f"{command} {dbt_vars}", parse))


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The manifest of all models, those of the optional feeds among them; worksheets compiled."""
    compile_worksheets = ("compile", "--no-introspect", "--no-populate-cache", "--select")
    command = (*compile_worksheets, "path:analyses/worksheets")
    feeds = ["recharges", "listening", "indicators"]
    return parsed_once(tmp_path_factory, *command, feeds=feeds)


@pytest.fixture(scope="session")
def events_manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The manifest of a study with events and no optional feed."""
    return parsed_once(tmp_path_factory, "parse")
