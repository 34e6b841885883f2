"""Which server a command acts on: never whatever answers on port 10000."""

from __future__ import annotations

import pytest

from throng.server import control
from throng.server.control import RunningServer, ServerError, the_server
from throng.server.settings import ServerSettings


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    """A project folder with nothing in the environment; servers answer with their warehouse."""
    for name in ("HOST", "PORT", "WAREHOUSE"):
        monkeypatch.delenv(f"THRONG_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(control, "_SAID", set())
    monkeypatch.setattr(control, "find_running", lambda settings: None)
    monkeypatch.setattr(control, "_warehouse_of", lambda settings: str(tmp_path / "data/warehouse"))
    return tmp_path / "data/warehouse"


def runs_on(monkeypatch, port: int) -> None:
    monkeypatch.setattr(
        control,
        "find_running",
        lambda settings: RunningServer(1, 2, 0.0, 3, ServerSettings(port=port)),
    )


def test_without_a_server_nothing_is_asked(warehouse, monkeypatch):
    monkeypatch.setattr(control, "_warehouse_of", lambda settings: pytest.fail("asked somebody"))
    with pytest.raises(ServerError) as error:
        the_server()
    assert str(error.value).startswith(f"No server runs for the warehouse {warehouse}. Start it:")


def test_the_server_of_the_warehouse_wherever_it_listens(warehouse, monkeypatch, capsys):
    runs_on(monkeypatch, 12_345)
    assert the_server().port == 12_345
    the_server()
    said = capsys.readouterr()
    assert said.err == f"Server 127.0.0.1:12345, warehouse {warehouse}\n"
    assert said.out == ""


def test_what_the_environment_says_comes_first(warehouse, monkeypatch, capsys):
    runs_on(monkeypatch, 12_345)
    monkeypatch.setenv("THRONG_PORT", "10001")
    assert the_server().port == 10_001
    assert "127.0.0.1:10001" in capsys.readouterr().err


def test_another_warehouse_than_meant(warehouse, monkeypatch):
    monkeypatch.setenv("THRONG_PORT", "10001")
    monkeypatch.setenv("THRONG_WAREHOUSE", "mine")
    with pytest.raises(ServerError) as error:
        the_server()
    assert f"has the warehouse {warehouse}, not {warehouse.parents[1] / 'mine'}" in str(error.value)
