"""The background process: one PySpark driver with the Hive Thrift server in its JVM.

Started by `throng server start` as `python -m throng.server.driver SETTINGS_JSON`; runs until it
is sent SIGTERM or its JVM dies.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from throng.keys.keyring import key_file
from throng.server.background import settle, stay
from throng.server.java_classes import compile_classes
from throng.server.metastore import start_metastore
from throng.server.password import password_file
from throng.server.plain_errors import install_plain_errors
from throng.server.processes import write_state
from throng.server.settings import LOCK_TAKEN, ServerSettings
from throng.server.spark_home import COMPILE_LONG_METHODS, class_path
from throng.udfs import REGISTRY
from throng.udfs.stops import compile_stops

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject, JVMView
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

_PACKAGE = Path(__file__).parent.parent
# Which class of Hadoop reads and writes the files of this machine.
_FILES = "spark.hadoop.fs.file.impl"


def main() -> int:
    """Run a server with the settings given as JSON in the first argument."""
    settings = ServerSettings.from_json(sys.argv[1])
    if not settle(settings.run_folder, settings.state_file):
        return LOCK_TAKEN

    from pyspark import SparkContext

    conf = _spark_conf(settings)
    # The JVM first, without Spark; it may look at files (spark.jars) before our classes are there.
    SparkContext._ensure_initialized(conf=conf)
    compile_classes(SparkContext._jvm, class_path(settings.run_folder / "spark_home"))
    _remember_missing_classes(SparkContext._jvm)
    if settings.is_local and _FILES not in settings.spark_conf:
        conf.set(_FILES, "throng.LocalFiles")
    context = SparkContext(conf=conf)
    # Compiled once and kept on disk: else each Python worker of the first query would do it.
    threading.Thread(target=compile_stops, daemon=True).start()
    return stay(context, settings.state_file, lambda: _begin(context, settings))


def _begin(context: SparkContext, settings: ServerSettings) -> None:
    """Start the metastore and the Thrift server, and write the state file."""
    from pyspark.sql import SparkSession

    if not settings.is_local:
        context.addPyFile(str(_zip_package(settings.run_folder)))
    jvm = context._jvm
    hadoop_conf = context._jsc.hadoopConfiguration()
    port = start_metastore(
        jvm, hadoop_conf, settings.warehouse / "metastore", settings.warehouse / "tables"
    )
    # Before the first statement: the catalog reads it there.
    hadoop_conf.set("hive.metastore.uris", f"thrift://127.0.0.1:{port}")
    session = SparkSession(context)
    _skip_hive_functions(context)
    _remove_half_tables(session, settings.warehouse / "tables")
    for udf in REGISTRY:
        session.udf.register(udf.sql_name, udf.to_spark())
        _inject(session, udf.sql_name)
    thrift_server = jvm.org.apache.spark.sql.hive.thriftserver.HiveThriftServer2
    _name_password_class(jvm)
    running = thrift_server.startWithContext(session._jsparkSession.sqlContext())
    install_plain_errors(jvm, running)
    write_state(
        settings.state_file,
        os.getpid(),
        java_pid=context._gateway.proc.pid,
        metastore_port=port,
        settings=json.loads(settings.to_json()),
    )


def _spark_conf(settings: ServerSettings) -> SparkConf:
    from pyspark import SparkConf

    values = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(settings.warehouse / "tables"),
        "spark.local.dir": str(settings.run_folder / "tmp"),
        "spark.hadoop.hive.exec.scratchdir": str(settings.run_folder / "tmp" / "hive"),
        "spark.hadoop.hive.server2.logging.operation.enabled": "false",
        # The same for every client; dbt's own ANSI setting never arrives over Thrift.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.legacy.timeParserPolicy": "CORRECTED",
        # One session a connection: with a shared one, dbt threads drop each other's views.
        "spark.sql.hive.thriftServer.singleSession": "false",
        "spark.hadoop.hive.server2.thrift.bind.host": settings.host,
        "spark.hadoop.hive.server2.thrift.port": str(settings.port),
        "spark.hadoop.hive.server2.transport.mode": "binary",
        "spark.hadoop.hive.server2.authentication": (
            "CUSTOM" if settings.auth == "password" else "NONE"
        ),
        # Generated code of so many plans is kept: a build has thousands, and compiling one again
        # costs more than its work (100, Spark's default: a fifth of the time of a small build).
        "spark.sql.codegen.cache.maxEntries": "20000",
        # Tables divided by subscriber are joined by subscriber and area without moving them.
        "spark.sql.requireAllClusterKeysForCoPartition": "false",
        # Parquet times as pandas writes them; the landing view turns the number into a time.
        "spark.sql.legacy.parquet.nanosAsLong": "true",
        "spark.ui.enabled": "false" if settings.ui_port is None else "true",
        "spark.ui.showConsoleProgress": "false",
        # A larger batch holds each identifier more often, and is pseudonymised once for each.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
        # A task that writes a few partitions writes them side by side; it would sort all its rows
        # by partition first, which takes longer than all the rest of a wide table. More than a few
        # files open at a time cost more than the sort.
        "spark.sql.maxConcurrentOutputFileWriters": "4",
        # Pseudonyms of 500,000 people are written as places in a dictionary: a column of a third of
        # the size. Parquet's own limit of 1 MB is 130,000 people.
        "spark.hadoop.parquet.dictionary.page.size": str(4 * 1024 * 1024),
        # Python workers are forked once and kept.
        "spark.python.worker.reuse": "true",
        # Ours: a table that a Python function has made is made again when this changes.
        "spark.throng.functions": _package_sha256(),
    }
    if settings.ui_port is not None:
        values["spark.ui.port"] = str(settings.ui_port)
    else:
        # Each plan is written out for the web page, page or not; the short form takes less time.
        values["spark.sql.ui.explainMode"] = "simple"
    if settings.is_local:
        values |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            # Other users of this machine can reach Spark's own ports and have no secret for them.
            "spark.authenticate": "true",
            # Without .crc files beside ours. From the start of Spark on it is throng.LocalFiles.
            _FILES: "org.apache.hadoop.fs.RawLocalFileSystem",
            "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
            # Files of up to so many partitions are listed by the driver itself: the job that Spark
            # starts from 32 on is for object stores, which answer slowly.
            "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
            # 200 by default: for a cluster. Adaptive execution merges what is still too many.
            "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 2)),
        }
    else:
        # Functions on workers read the keyring too: in a folder that all machines see.
        values["spark.executorEnv.THRONG_KEY_FILE"] = str(key_file().absolute())
        # What executors write about subscribers is for the user who runs them alone.
        values["spark.hadoop.fs.permissions.umask-mode"] = "077"
        values["spark.executor.extraJavaOptions"] = COMPILE_LONG_METHODS
    conf = SparkConf().setMaster(settings.master).setAppName("throng")
    for key, value in {**values, **settings.spark_conf}.items():
        conf.set(key, value)
    return conf


def _remember_missing_classes(jvm: JVMView) -> None:
    """Put throng.ClassPathMemory before the class path, for all threads that start from now on."""
    thread = jvm.java.lang.Thread.currentThread()
    thread.setContextClassLoader(jvm.throng.ClassPathMemory(thread.getContextClassLoader()))


def _name_password_class(jvm: JVMView) -> None:
    """Let ServerPassword.java decide about each client.

    Hive reads that a class decides from Spark's settings, and which one from the properties of the
    JVM alone; without its name nobody gets in.
    """
    for name, value in {
        "hive.server2.custom.authentication.class": "throng.ServerPassword",
        "throng.password.file": str(password_file()),
    }.items():
        jvm.java.lang.System.setProperty(name, value)


def _inject(session: SparkSession, name: str) -> None:
    """Hand a function of this session to every session that the Thrift server opens.

    A Thrift session starts from the extensions it shares with ours, not from our temporary
    functions. These are Spark internals (hence the exact pin): tests/python/integration
    /test_server.py calls a UDF from two new sessions.
    """
    jvm, java_session = session._jvm, session._jsparkSession
    registry = java_session.sessionState().functionRegistry()
    identifier = next(
        candidate
        for candidate in _java_iterate(registry.listFunction().iterator())
        if candidate.funcName().lower() == name
    )
    java_session.extensions().injectFunction(
        jvm.scala.Tuple3(
            jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name),
            registry.lookupFunction(identifier).get(),
            registry.lookupFunctionBuilder(identifier).get(),
        )
    )


def _skip_hive_functions(context: SparkContext) -> None:
    """Tell Hive that its own functions are registered, as Spark does where it can.

    A closing session sometimes makes a new Hive object, and that registers Hive's functions, one of
    which needs a jar that the pyspark wheel does not have: now and then a dbt node would end with
    "NoClassDefFoundError: LlapSigner". Spark has functions of its own and asks for none of Hive's.
    """
    jvm = context._jvm
    hive = jvm.java.lang.Class.forName("org.apache.hadoop.hive.ql.metadata.Hive")
    state, done = (
        hive.getDeclaredField(name) for name in ("didRegisterAllFuncs", "REG_FUNCS_DONE")
    )
    for field in (state, done):
        field.setAccessible(True)
    # py4j turns the AtomicInteger into a number on its way here, so it is set without leaving Java.
    integer = context._gateway.new_array(jvm.java.lang.Class, 1)
    integer[0] = jvm.java.lang.Integer.TYPE
    handles = jvm.java.lang.invoke.MethodHandles
    setter = handles.publicLookup().unreflect(state.getType().getMethod("set", integer))
    getter = handles.publicLookup().unreflectGetter(state)
    handles.collectArguments(setter, 0, getter).invokeWithArguments([done.get(None)])
    # Fails the start, not a query one day, should the next Spark do otherwise.
    jvm.org.apache.hadoop.hive.ql.metadata.Hive.get(jvm.org.apache.hadoop.hive.conf.HiveConf())


def _remove_half_tables(session: SparkSession, tables: Path) -> None:
    """Remove folders that were being written when an earlier server was killed.

    A table, or a day of a table, is named once all its files are there, so what has files but no
    name is a half; Spark would refuse to make the table again ("location already exists"), and
    nobody would ever purge the day.
    """
    for database in session.catalog.listDatabases():
        folder = tables / f"{database.name}.db"
        if not folder.is_dir():
            continue
        known = {table.name for table in session.catalog.listTables(database.name)}
        for leftover in sorted(folder.iterdir()):
            if leftover.is_dir() and leftover.name not in known:
                print(f"Removing half a table: {database.name}.{leftover.name}", flush=True)
                shutil.rmtree(leftover)
            else:
                _remove_half_days(session, f"{database.name}.{leftover.name}", leftover)


def _remove_half_days(session: SparkSession, table: str, folder: Path) -> None:
    """The same for the days of a table that is made day by day (macros/kept)."""
    days = list(folder.glob("event_date=*/events_version=*"))
    staged = list(folder.glob(".spark-staging-*"))
    if not days and not staged:
        return
    known = {row.partition for row in session.sql(f"show partitions {table}").collect()}
    for leftover in sorted(staged + [d for d in days if str(d.relative_to(folder)) not in known]):
        print(f"Removing half of what was written: {table}, {leftover.name}", flush=True)
        shutil.rmtree(leftover)
        if leftover.parent != folder and not any(leftover.parent.iterdir()):
            leftover.parent.rmdir()


def _java_iterate(iterator: JavaObject) -> Iterator[JavaObject]:
    while iterator.hasNext():
        yield iterator.next()


def _package_sha256() -> str:
    """A hash of the code of the throng package, of which the functions are a part."""
    sources = sorted(_PACKAGE.rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _zip_package(folder: Path) -> Path:
    """The throng package as a zip file for the workers of a cluster."""
    target = folder / "throng.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for source in sorted(_PACKAGE.rglob("*.py")):
            archive.write(source, source.relative_to(_PACKAGE.parent))
    return target


if __name__ == "__main__":
    sys.exit(main())
