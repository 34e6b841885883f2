"""The process of the reader server: one PySpark driver with a Hive Thrift server in its JVM.

Started by throng/serve/door.py as `python -m throng.serve.driver SETTINGS_JSON`, with an
environment that holds nothing of the build: no key, no password, no path to a warehouse. Its
catalog is in memory and holds tables over hard links to the files of a copy
(throng/serve/copies.py), one for each set of files that a role may see. A new copy makes a new
schema of tables; statements that begin from then on read these.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from throng.serve.copies import Copy, CopyError
from throng.serve.in_force import look, read
from throng.serve.roles import Role, Roles, RolesError
from throng.serve.settings import ServeSettings
from throng.server.background import settle, stay
from throng.server.java_classes import compile_classes
from throng.server.processes import free_port, write_state
from throng.server.settings import LOCK_TAKEN
from throng.server.spark_home import class_path

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject, JVMView
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

_HERE = Path(__file__).parent
#: In this order: each may use those before it.
_JAVA_FILES = (
    _HERE.parent / "server" / "LocalFiles.java",
    _HERE.parent / "server" / "PlainErrors.java",
    _HERE / "ReaderDoor.java",
    _HERE / "ReaderState.java",
    _HERE / "ReaderAudit.java",
    _HERE / "ReaderPassword.java",
    _HERE / "ReaderCatalog.java",
    _HERE / "ReaderParser.java",
    _HERE / "ReaderService.java",
    _HERE / "ReaderInterrupts.java",
)
_ADDRESS = "127.0.0.1"
#: Tasks that run at a time, for each core.
_PLACES_OF_A_CORE = 16
#: How long tables stay after others have taken their place, beyond the longest statement.
_GRACE_S = 30.0


def main() -> int:
    """Run a reader server with the settings given as JSON in the first argument."""
    settings = ServeSettings.from_json(sys.argv[1])
    if not settle(settings.run_folder, settings.driver_file):
        return LOCK_TAKEN
    threading.Thread(target=_end_with_input, daemon=True).start()

    from pyspark import SparkContext

    port = free_port()
    conf = _spark_conf(settings, port)
    SparkContext._ensure_initialized(conf=conf)
    compile_classes(SparkContext._jvm, class_path(settings.run_folder / "spark_home"), _JAVA_FILES)
    conf.set("spark.hadoop.fs.file.impl", "throng.LocalFiles")
    context = SparkContext(conf=conf)
    return stay(context, settings.driver_file, lambda: _begin(context, settings, port))


def _end_with_input() -> None:
    """What listens for this process holds the other end of its input, and lets go when it ends."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _begin(context: SparkContext, settings: ServeSettings, port: int) -> Callable[[], None]:
    """Start the Thrift server with what is in force; return what looks for changes."""
    from pyspark.sql import SparkSession

    jvm = context._jvm
    session = SparkSession(context)
    _install_guard(jvm, session)
    jvm.throng.ReaderInterrupts.install(session._jsparkSession)
    _set_properties(jvm, settings)
    running = jvm.org.apache.spark.sql.hive.thriftserver.HiveThriftServer2.startWithContext(
        session._jsparkSession.sqlContext()
    )
    _install_service(jvm, running)
    _check_guard(session)
    tables = Tables(session, settings)
    tables.refresh()  # until now nobody is a user
    _wait_until_it_listens(port)
    socket_file = settings.run_folder / ServeSettings.SOCKET
    socket_file.unlink(missing_ok=True)  # left by a server that was killed
    jvm.throng.ReaderDoor.open(ServeSettings.SOCKET, port)
    write_state(settings.driver_file, os.getpid())
    return tables.refresh


def _wait_until_it_listens(port: int) -> None:
    """Hive's server listens in a thread of its own, a moment after it has started."""
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((_ADDRESS, port), timeout=5).close()
            return
        time.sleep(0.05)


def _spark_conf(settings: ServeSettings, port: int) -> SparkConf:
    from pyspark import SparkConf

    tmp = settings.run_folder / "tmp"
    cores = os.cpu_count() or 2
    values = {
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(tmp / "warehouse"),
        "spark.local.dir": str(tmp),
        "spark.hadoop.hive.exec.scratchdir": str(tmp / "hive"),
        "spark.hadoop.hive.server2.logging.operation.enabled": "false",
        # Readers come by way of ReaderDoor.java.
        "spark.hadoop.hive.server2.thrift.bind.host": _ADDRESS,
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.hadoop.hive.server2.transport.mode": "binary",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.hive.thriftServer.singleSession": "false",
        "spark.sql.thriftServer.queryTimeout": f"{settings.limits.seconds}s",
        # A result is held whole until it is closed; one reader must not fill the heap.
        "spark.driver.maxResultSize": f"{max(64, settings.memory_mb // 8)}m",
        # A sort with a limit of a million rows would hold them in memory, for each partition.
        "spark.sql.execution.topKSortFallbackThreshold": "10000",
        # Readers take turns; else the jobs of one are all done before those of the next.
        "spark.scheduler.mode": "FAIR",
        # Ports of Spark itself are on loopback; others of this machine have no secret for them.
        "spark.authenticate": "true",
        # Locks beside the guard.
        "spark.sql.runSQLOnFiles": "false",
        "spark.sql.variable.substitute": "false",
        "spark.sql.redaction.string.regex": "(?i)pbkdf2_sha256\\S*",
        "spark.ui.enabled": "false",
        "spark.sql.ui.explainMode": "simple",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
        # Spark takes no core from a task that runs. So there are many more places than a statement
        # has tasks, and the operating system shares the cores out.
        "spark.default.parallelism": str(cores),
        "spark.sql.leafNodeDefaultParallelism": str(cores),
        "spark.sql.files.minPartitionNum": str(cores),
        "spark.sql.shuffle.partitions": str(cores),
    }
    conf = SparkConf().setMaster(f"local[{_PLACES_OF_A_CORE * cores}]").setAppName("throng readers")
    for key, value in values.items():
        conf.set(key, value)
    return conf


def _set_properties(jvm: JVMView, settings: ServeSettings) -> None:
    """What Hive's server reads as properties of the JVM, and our classes."""
    properties = {
        "hive.server2.authentication": "CUSTOM",
        "hive.server2.custom.authentication.class": "throng.ReaderPassword",
        "hive.server2.enable.doAs": "false",
        # A message before the login, and a statement after it, are no larger than this.
        "hive.server2.thrift.max.message.size": str(4 * 2**20),
        "hive.server2.idle.session.timeout": "3600000",
        "hive.server2.session.check.interval": "60000",
        "throng.audit.folder": str(settings.audit_folder),
        "jdk.tls.server.protocols": "TLSv1.3,TLSv1.2",
        # Else a client could ask for new keys again and again, which costs the server more.
        "jdk.tls.rejectClientInitiatedRenegotiation": "true",
    }
    if settings.is_encrypted:
        properties |= {
            "hive.server2.use.SSL": "true",
            "hive.server2.keystore.path": str(settings.keystore),
            "hive.server2.keystore.password": settings.keystore_password_file.read_text().strip(),
        }
    if settings.ldap_url:
        properties |= {
            "hive.server2.authentication.ldap.url": settings.ldap_url,
            "hive.server2.authentication.ldap.userDNPattern": settings.ldap_user_dn,
        }
    for name, value in properties.items():
        jvm.java.lang.System.setProperty(name, value)


def _install_guard(jvm: JVMView, session: SparkSession) -> None:
    """Put ReaderParser.java before Spark's parser in every session to come."""
    jvm.throng.ReaderParser.install(session._jsparkSession)


def _install_service(jvm: JVMView, running: JavaObject) -> None:
    """Put ReaderService.java before the Thrift service. Internals of Spark, hence the exact pin."""
    services = {service.getClass().getSimpleName(): service for service in running.getServices()}
    sessions = services["SparkSQLCLIService"].getSessionManager()
    operations = sessions.getOperationManager()
    jvm.throng.ReaderService.install(
        services["ThriftBinaryCLIService"], operations, operations.sessionToContexts()
    )


def _check_guard(session: SparkSession) -> None:
    """End the start if a session of a client would have any other parser than the guard."""
    parser = session._jsparkSession.newSession().sessionState().sqlParser().getClass().getName()
    if parser != "throng.ReaderParser":
        raise RuntimeError(f"The guard is not in force: a session parses with {parser}.")


@dataclass
class _Generation:
    """Tables over one copy.

    Attributes:
        copy: its number.
        schema: of the tables, in Spark's catalog.
        folder: of their files.
        tables: mart and files to the name of the table over them. Roles that see the same share it.
        retired_at: when another one took its place.
    """

    copy: int
    schema: str
    folder: Path
    tables: dict[tuple[str, ...], str] = field(default_factory=dict)
    retired_at: float | None = None


@dataclass
class Tables:
    """The tables of the roles, made anew when the copy or roles.yml is another one.

    Attributes:
        session: the server's own, which has no guard.
        settings: of the server.
    """

    session: SparkSession
    settings: ServeSettings
    _seen: tuple[object, ...] = ()
    _number: int = 0
    _generations: list[_Generation] = field(default_factory=list)
    _folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self._folder = self.settings.run_folder / "served"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)

    def refresh(self) -> None:
        """Put in force what is there now; without a copy or roles.yml that can be read, nothing."""
        seen = look(self.settings.roles, self.settings.copies)
        if seen != self._seen:
            self._seen = seen
            try:
                copy, roles = read(self.settings.roles, self.settings.copies)
                self._put_in_force(copy, roles)
                print(f"In force: copy {copy.number}, {len(roles.users)} users.", flush=True)
            except (RolesError, CopyError) as error:
                print(f"Nobody may read: {error}", flush=True)
                self._set_state(Roles({}, {}), {})
        self._drop_retired()

    def _put_in_force(self, copy: Copy, roles: Roles) -> None:
        """Make the tables that are not there yet, then let readers have all of them at once."""
        generation = self._generation_of(copy)
        seen = {
            name: {
                mart: {
                    "table": self._table(generation, copy, mart, role),
                    "schema": generation.schema,
                    "comment": copied.comment,
                    "columns": copied.columns,
                }
                for mart, copied in copy.marts.items()
                if copied.is_for(role, mart)
            }
            for name, role in roles.roles.items()
        }
        self._set_state(roles, seen)
        for other in self._generations:
            if other is not generation:
                other.retired_at = other.retired_at or time.monotonic()

    def _generation_of(self, copy: Copy) -> _Generation:
        for known in self._generations:
            if known.copy == copy.number and known.retired_at is None:
                return known
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir(mode=0o700)
        made = _Generation(copy.number, f"readers_{self._number}", folder)
        self.session.sql(f"create database {made.schema}")
        self._generations.append(made)
        return made

    def _table(self, generation: _Generation, copy: Copy, mart: str, role: Role) -> str:
        """The table that holds the rows of a mart that a role may see, made if there is none."""
        from pyspark.sql.types import StructType

        copied = copy.marts[mart]
        files = [file.name for file in copied.files_for(role)]
        key = (mart, *files)
        if key not in generation.tables:
            name = f"{mart}__{len(generation.tables)}"
            folder = generation.folder / name
            folder.mkdir(mode=0o700)
            for file in files:
                _link(self.settings.copies / str(copy.number) / mart / file, folder / file)
            columns = ", ".join(f"`{column}` {kind}" for column, kind, _ in copied.columns)
            self.session.catalog.createTable(
                f"{generation.schema}.{name}",
                path=str(folder),
                source="parquet",
                schema=StructType.fromDDL(columns),
            )
            generation.tables[key] = name
        return generation.tables[key]

    def _set_state(self, roles: Roles, marts: dict[str, dict[str, object]]) -> None:
        state = {
            "users": {name: asdict(user) for name, user in roles.users.items()},
            "roles": {name: {"marts": seen} for name, seen in marts.items()},
            "limits": asdict(self.settings.limits),
        }
        self.session._jvm.throng.ReaderState.set(json.dumps(state))

    def _drop_retired(self) -> None:
        before = time.monotonic() - self.settings.limits.seconds - _GRACE_S
        for generation in list(self._generations):
            if generation.retired_at is not None and generation.retired_at < before:
                self.session.sql(f"drop database {generation.schema} cascade")
                shutil.rmtree(generation.folder, ignore_errors=True)
                self._generations.remove(generation)


def _link(source: Path, target: Path) -> None:
    """The same file in another place; copied where the places are on different disks."""
    try:
        target.hardlink_to(source)
    except OSError:
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise CopyError(f"{source} cannot be read ({error.strerror}).") from None


if __name__ == "__main__":
    sys.exit(main())
