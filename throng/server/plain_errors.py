"""Answers of the server without Java's stack: see PlainErrors.java."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject, JVMView

_SOURCE = Path(__file__).with_name("PlainErrors.java")


def compile_plain_errors(jvm: JVMView) -> JavaObject:
    """The Java class, compiled in this JVM."""
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    # Spark's classes, whatever loader this thread has.
    spark = jvm.java.lang.Class.forName("org.apache.hive.service.rpc.thrift.TCLIService")
    compiler.setParentClassLoader(spark.getClassLoader())
    compiler.cook(_SOURCE.read_text())
    return compiler.getClassLoader().loadClass("PlainErrors")


def install_plain_errors(jvm: JVMView, thrift_server: JavaObject) -> None:
    """Let the clients of a HiveThriftServer2 have reasons instead of stacks.

    These are internals of Spark, hence the exact pin: a start fails where they have changed.
    """
    plain_errors = compile_plain_errors(jvm)
    [service] = [
        service
        for service in thrift_server.getServices()
        if service.getClass().getSimpleName() == "ThriftBinaryCLIService"
    ]
    types = jvm.java.util.ArrayList()
    types.add(jvm.java.lang.Class.forName("java.lang.Object"))
    [install] = [m for m in plain_errors.getMethods() if m.getName() == "install"]
    gateway_array = jvm.java.util.ArrayList()
    gateway_array.add(service)
    install.invoke(None, gateway_array.toArray())
