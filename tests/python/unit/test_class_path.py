"""The loader of classes that remembers what the class path lacks, in a JVM without Spark."""

from __future__ import annotations

import pytest
from py4j.protocol import Py4JJavaError

LATER = "package throng; public class Later {}"


@pytest.fixture
def class_path(java):
    return java.jvm.java.lang.ClassLoader.getSystemClassLoader()


@pytest.fixture
def memory(java, class_path):
    return java.jvm.throng.ClassPathMemory(class_path)


def test_a_class_is_found_as_without_it(java, class_path, memory):
    for name in ("java.util.ArrayList", "org.apache.spark.sql.SparkSession", "throng.PlainErrors"):
        assert memory.loadClass(name).equals(class_path.loadClass(name))


def test_what_was_missing_once_is_not_searched_for_again(java, class_path, memory):
    """The class path of a running server never gets more; a file of this test shows the memory."""
    for _ in range(2):
        with pytest.raises(Py4JJavaError, match=r"throng\.Later"):
            memory.loadClass("throng.Later")
    assert memory.getResource("later.txt") is None
    java.compile(LATER)
    (java.classes / "later.txt").write_text("now")
    assert class_path.loadClass("throng.Later").getName() == "throng.Later"
    assert class_path.getResource("later.txt") is not None
    with pytest.raises(Py4JJavaError, match=r"throng\.Later"):
        memory.loadClass("throng.Later")
    assert memory.getResource("later.txt") is None
    assert not memory.getResources("later.txt").hasMoreElements()


def test_a_resource_that_many_jars_have_is_found_in_all(class_path, memory):
    name = "META-INF/services/org.apache.spark.sql.sources.DataSourceRegister"

    def places(loader) -> list[str]:
        found, all_found = loader.getResources(name), []
        while found.hasMoreElements():
            all_found.append(found.nextElement().toString())
        return all_found

    assert places(memory) == places(memory) == places(class_path)
    assert len(places(memory)) > 1
    assert memory.getResource(name).toString() == places(class_path)[0]
