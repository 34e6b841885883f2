"""What unit tests share: a JVM, and examples of Hypothesis that are the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from py4j.java_gateway import GatewayParameters, JavaGateway, JVMView, launch_gateway

from throng.server.java import find_java
from throng.server.java_classes import compile_classes
from throng.server.spark_home import wheel_folder

settings.register_profile("stable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("stable")


@dataclass(frozen=True)
class JavaClasses:
    """A JVM without Spark's server, and the folder of its class path that has our classes."""

    jvm: JVMView
    classes: Path

    def compile(self, source: str) -> None:
        """Write a class of the package throng to that folder."""
        file = self.classes / "source.java"
        file.write_text(source)
        compile_classes(self.jvm, self.classes, [file])


@pytest.fixture(scope="session")
def java(tmp_path_factory):
    classes = tmp_path_factory.mktemp("classes")
    port = launch_gateway(
        classpath=f"{classes}:{wheel_folder() / 'jars' / '*'}",
        java_path=str(find_java().binary),
        die_on_exit=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    compile_classes(gateway.jvm, classes)
    yield JavaClasses(gateway.jvm, classes)
    gateway.shutdown()
