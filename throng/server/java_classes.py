"""The few Java classes of the server, compiled by Janino, which Spark brings along.

No binary is in the repository, and users need no Java compiler. Hadoop finds a class that is named
in its settings only on the class path. So the classes are compiled into a folder of the class path,
after the JVM has started and before Spark starts in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py4j.java_gateway import JVMView

_SOURCES = Path(__file__).parent


def compile_classes(jvm: JVMView, class_path: Path, sources: Sequence[Path] | None = None) -> None:
    """Write the classes of Java files to `class_path`, in the package `throng`.

    Args:
        jvm: a JVM with Spark's jars on its class path.
        class_path: a folder on the class path of that JVM; made if missing.
        sources: the files, each after those it uses; those of this folder if not given.

    Raises:
        py4j.protocol.Py4JJavaError: a class of Spark or Hadoop is not what the source expects.
    """
    # Spark's classes, whatever loader this thread has.
    spark = jvm.java.lang.Class.forName("org.apache.hive.service.rpc.thrift.TCLIService")
    folder = class_path / "throng"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources or sorted(_SOURCES.glob("*.java")):
        compiler = jvm.org.codehaus.janino.SimpleCompiler()
        compiler.setParentClassLoader(spark.getClassLoader())
        compiler.cook(source.read_text())
        for name, code in dict(compiler.getBytecodes()).items():
            (folder / f"{name.removeprefix('throng.')}.class").write_bytes(code)
