"""Clients of the reader server that are slow, half there or many, and a server that is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import threading
import time

import psutil
import pytest
from pyhive import exc
from TCLIService import ttypes
from thrift.Thrift import TException

from tests.python.conftest import run_throng
from tests.python.support.readers import Readers, readers_in

pytestmark = pytest.mark.long

#: Of a connection without a session (ReaderDoor.java), and what a busy machine takes beside.
_LOGIN_S = 20
_BUSY_S = 20
MANY_ROWS = "select t0.area_id from " + " cross join ".join(
    f"marts.count_residents t{n}" for n in range(11)
)


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    with readers_in(tmp_path_factory.mktemp("readers")) as readers:
        yield readers


def hello() -> bytes:
    """The first message of a TLS client."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    "sent",
    [b"", hello()[:20], hello(), b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 2000],
    ids=["nothing", "half a hello", "a hello", "HTTP", "zeros"],
)
def test_who_does_not_log_in_is_sent_away(readers, sent):
    began = time.monotonic()
    with socket.create_connection(("localhost", readers.port)) as client:
        client.sendall(sent)
        client.settimeout(_LOGIN_S + _BUSY_S)
        with contextlib.suppress(ConnectionError):
            while client.recv(4096):
                pass
    assert time.monotonic() - began < _LOGIN_S + _BUSY_S


def test_who_sends_a_byte_a_second_is_sent_away(readers):
    message = hello()
    with socket.create_connection(("localhost", readers.port)) as client:
        with pytest.raises(ConnectionError):
            for place in range(_LOGIN_S + _BUSY_S):
                client.sendall(message[place : place + 1])
                time.sleep(1)
        assert place >= _LOGIN_S - 2


def test_who_has_a_session_may_be_silent(readers):
    with readers.cursor("carl") as cursor:
        time.sleep(_LOGIN_S + 3)
        cursor.execute("select count(*) from marts.count_residents")
        assert cursor.fetchall() == [(2,)]


def test_a_session_that_is_closed_leaves_a_connection_that_is_sent_away(readers):
    client = readers.connect("carl")
    client.client.CloseSession(ttypes.TCloseSessionReq(client.sessionHandle))
    time.sleep(_LOGIN_S + 3)
    with pytest.raises((TException, ConnectionError)):
        client.client.GetInfo(ttypes.TGetInfoReq(client.sessionHandle, 0))


def test_who_does_not_read_the_result_keeps_nobody_waiting(readers):
    """Four clients ask for 177,147 rows at once, and read none of what comes."""
    silent = [readers.connect("paula") for _ in range(4)]
    try:
        for connection in silent:
            done = connection.client.ExecuteStatement(
                ttypes.TExecuteStatementReq(connection.sessionHandle, MANY_ROWS)
            )
            connection.client.send_FetchResults(
                ttypes.TFetchResultsReq(
                    done.operationHandle, ttypes.TFetchOrientation.FETCH_NEXT, 200_000
                )
            )
        began = time.monotonic()
        assert readers.query("carl", "select count(*) from marts.count_residents") == [(2,)]
        assert time.monotonic() - began < _BUSY_S
    finally:
        for connection in silent:
            connection._client._iprot.trans.close()


def read_until(readers: Readers, stop: threading.Event, seen: list, ended: list) -> None:
    sql = "select sum(n_subscribers) from marts.count_residents"
    try:
        with readers.cursor("paula") as cursor:
            while not stop.is_set():
                cursor.execute(sql)
                seen.append(cursor.fetchall())
    except (TException, exc.Error, OSError) as error:
        ended.append(error)


@pytest.mark.parametrize("which", ["java_pid", "pid"], ids=["the server", "what listens for it"])
def test_killed_under_load_it_starts_again_with_the_same_numbers(tmp_path, which):
    with readers_in(tmp_path) as readers:
        before = readers.query("paula", "select * from marts.count_residents order by area_id")
        stop, seen, ended = threading.Event(), [], []
        threads = [
            threading.Thread(target=read_until, args=(readers, stop, seen, ended)) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(seen) < 10 and time.monotonic() < deadline:
            time.sleep(0.1)
        door = psutil.Process(readers.state["pid"])
        processes = [door, *door.children(recursive=True)]
        os.kill(readers.state[which], signal.SIGKILL)
        for thread in threads:
            thread.join(60)  # nobody waits for an answer that never comes
            assert not thread.is_alive()
        assert len(ended) == 3
        assert {row for rows in seen for row in rows} == {(120 + 340 + 441977,)}
        _, alive = psutil.wait_procs(processes, timeout=60)
        assert not alive
        assert run_throng("serve", "status", env=readers.env).returncode == 3
        started = readers.start()
        assert started.returncode == 0, started.stdout + started.stderr
        after = readers.query("paula", "select * from marts.count_residents order by area_id")
        assert after == before
