"""Answers of the server without Java's stack: see PlainErrors.java."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject, JVMView


def install_plain_errors(jvm: JVMView, thrift_server: JavaObject) -> None:
    """Let the clients of a HiveThriftServer2 have reasons instead of stacks.

    These are internals of Spark, hence the exact pin: a start fails where they have changed.
    """
    [service] = [
        service
        for service in thrift_server.getServices()
        if service.getClass().getSimpleName() == "ThriftBinaryCLIService"
    ]
    jvm.throng.PlainErrors.install(service)
