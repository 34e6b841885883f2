"""The Hive metastore service inside the server's JVM, on loopback only.

Spark with an embedded metastore opens its Derby database anew for every session, and dbt opens
a session for every model: 1.7 s a model against 0.3 s with a metastore service beside it.

Hive's own `HiveMetaStore.startMetaStore` listens on every interface without a password and has
no setting for the address. Its parts are public, so the same service is put together here
around a socket that is bound to 127.0.0.1. Whoever has an account on this machine can still
reach it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject, JVMView


# A connection has a thread to itself while it is open. More than a build opens at a time: what a
# thread beyond these has made is not given back when it ends.
_KEPT_THREADS = 24


def start_metastore(jvm: JVMView, hadoop_conf: JavaObject, database: Path, tables: Path) -> int:
    """Serve the Derby database in `database` and return the port on 127.0.0.1.

    Args:
        jvm: the driver's JVM.
        hadoop_conf: Spark's Hadoop configuration.
        database: folder of the Derby database; made if missing.
        tables: default location of new tables.
    """
    hive_conf = jvm.org.apache.hadoop.hive.conf.HiveConf
    # From Spark's own Hadoop settings: Hadoop keeps one file system object per process, made with
    # the settings of whoever asks first.
    conf = hive_conf(hadoop_conf, hive_conf().getClass())
    for key, value in {
        "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={database};create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": str(tables),
        "hive.metastore.uris": "",
        # Hive's own choice, BoneCP, is not among Spark's jars: a database was dropped, and then
        # an error said that it was not.
        "datanucleus.connectionPoolingType": "dbcp",
        # What was read of the database stays in memory: a build asks for the same tables again and
        # again. Nobody else changes them, for Derby lets one process in. Tables and partitions stay
        # until they are dropped.
        "datanucleus.cache.level2": "true",
        "datanucleus.cache.level2.type": "soft",
    }.items():
        conf.set(key, value)
    hive_metastore = jvm.org.apache.hadoop.hive.metastore.HiveMetaStore
    handler = hive_metastore.newRetryingHMSHandler(
        jvm.org.apache.hadoop.hive.metastore.HiveMetaStore.HMSHandler("throng", conf, False), conf
    )
    # Port 0: the system picks a free one. The host is what startMetaStore leaves null.
    socket = jvm.org.apache.hadoop.hive.common.auth.HiveAuthUtils.getServerSocket("127.0.0.1", 0)
    processor = jvm.org.apache.hadoop.hive.metastore.TSetIpAddressProcessor(handler)
    _keep_stores(jvm, processor)
    pool = jvm.org.apache.thrift.server.TThreadPoolServer
    arguments = pool.Args(socket).processor(processor).minWorkerThreads(_KEPT_THREADS)
    service = pool(arguments)
    threading.Thread(target=service.serve, name="metastore", daemon=True).start()
    return socket.getServerSocket().getLocalPort()


def _keep_stores(jvm: JVMView, processor: JavaObject) -> None:
    """Let a thread keep its connection to the database when its client leaves.

    Each session of the Thrift server ends with the call `shutdown`, for which the metastore closes
    the thread's store; the next session has it made anew, and Hive reads all its settings for that:
    a twelfth of the time of a small build. A call that the metastore does not know is refused, and
    the client closes its side all the same. The map of calls is private in Thrift, hence the exact
    pin of Spark.
    """
    calls = jvm.java.lang.Class.forName("org.apache.thrift.TBaseProcessor").getDeclaredField(
        "processMap"
    )
    calls.setAccessible(True)
    calls.get(processor).remove("shutdown")
