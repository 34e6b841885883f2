"""The reader plane: readers reach what is published and their role may see, and nothing else."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from pyhive import exc
from TCLIService import ttypes
from thrift.transport.TTransport import TTransportException

from tests.python.conftest import run_throng
from tests.python.support.hostile import HOSTILE, SESSION_SETTINGS, all_filled, filled
from tests.python.support.readers import (
    SECRETS,
    TABLES,
    USERS,
    Readers,
    password_of,
    publish,
    readers_in,
)
from throng.serve.roles import add_user, remove_user

CANARY = "canary-of-the-build"
#: What comes back to nobody, in rows or errors.
NEVER = (CANARY, "password-of-the-build", "key-of-the-build", "pbkdf2", "/served/", "at org.apache")
FORBIDDEN = {
    "paula": (),
    "carl": ("area-fine-7", "441977"),
    "rita": ("mean_distance_km", "0.5"),
}


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readers")
    (folder / "secret").mkdir()
    (folder / "secret" / "canary.csv").write_text(f"{CANARY}\n")
    with readers_in(folder, "--rows", "1000", "--statements-of-user", "2") as readers:
        yield readers


@pytest.fixture(scope="module")
def cursors(readers):
    """A cursor of each user: a connection costs a hash of the password."""
    with contextlib.ExitStack() as stack:
        yield {user: stack.enter_context(readers.cursor(user)) for user in USERS}


def rows(cursor, sql: str) -> list[tuple]:
    cursor.execute(sql)
    return cursor.fetchall()


def message(error: exc.OperationalError) -> str:
    return error.args[0].status.errorMessage


def answer(cursor, sql: str) -> tuple[bool, str]:
    """Whether a statement went through, and all that came back."""
    try:
        cursor.execute(sql)
        return True, f"{cursor.description} {cursor.fetchall() if cursor.description else ''}"
    except exc.OperationalError as error:
        return False, str(message(error))


# What a role sees ---------------------------------------------------------------------------------


def test_a_role_sees_its_marts_and_levels(cursors):
    paula, carl, rita = (cursors[user] for user in USERS)
    marts = "select mart from marts.releases order by mart"
    areas = "select area_id from marts.count_residents order by area_id"
    assert [name for _, name, _ in rows(paula, "show tables in marts")] == sorted(TABLES)
    assert rows(paula, areas) == [("area-1",), ("area-2",), ("area-fine-7",)]
    assert len(rows(paula, marts)) == 3
    assert rows(carl, areas) == [("area-1",), ("area-2",)]
    assert rows(carl, "select count(*) from marts.count_journeys") == [(2,)]
    assert rows(carl, "select count(*) from marts.total_subscribers") == [(2,)]
    assert rows(rita, "show tables in marts") == [
        ("marts", "count_residents", False),
        ("marts", "releases", False),
    ]
    assert rows(rita, marts) == [("count_residents",)]


def test_what_is_hidden_is_not_there_in_the_words_of_what_was_never_there(cursors):
    for sql in ("select * from marts.{}", "describe {}", "show columns in marts.{}", "table {}"):
        hidden = answer(cursors["rita"], sql.format("count_journeys"))
        never = answer(cursors["rita"], sql.format("count_nothings"))
        assert not hidden[0]
        assert hidden[1] == never[1].replace("count_nothings", "count_journeys")


def test_catalog_calls_answer_by_role(readers):
    for user, role in USERS.items():
        with contextlib.closing(readers.connect(user)) as connection:
            client, session = connection.client, connection.sessionHandle
            told = {
                call: rows_of(client, getattr(client, call)(request(sessionHandle=session, **more)))
                for call, request, more in (
                    ("GetSchemas", ttypes.TGetSchemasReq, {}),
                    ("GetTables", ttypes.TGetTablesReq, {"schemaName": "%", "tableName": "%"}),
                    ("GetColumns", ttypes.TGetColumnsReq, {"schemaName": "m%"}),
                    ("GetTableTypes", ttypes.TGetTableTypesReq, {}),
                    ("GetCatalogs", ttypes.TGetCatalogsReq, {}),
                    ("GetFunctions", ttypes.TGetFunctionsReq, {"functionName": "%"}),
                )
            }
        assert [row[0] for row in told["GetSchemas"]] == ["marts"]
        seen = {row[2] for row in told["GetTables"]}
        assert seen == {row[2] for row in told["GetColumns"]}
        assert seen == ({"count_residents", "releases"} if role == "residents" else set(TABLES))
        assert "readers_" not in str(told)


def rows_of(client, response) -> list[tuple]:
    assert response.status.statusCode == ttypes.TStatusCode.SUCCESS_STATUS, response.status
    fetched = client.FetchResults(
        ttypes.TFetchResultsReq(response.operationHandle, ttypes.TFetchOrientation.FETCH_NEXT, 1000)
    )
    client.CloseOperation(ttypes.TCloseOperationReq(response.operationHandle))
    columns = [
        next(value.values for value in vars(column).values() if value)
        for column in fetched.results.columns
    ]
    return list(zip(*columns, strict=True))


def test_usual_sql_works(cursors):
    for sql in (
        "with r as (select * from marts.count_residents) select area_level, sum(n_subscribers) n, "
        "rank() over (order by sum(n_subscribers) desc) as place from r group by 1 having n > 5",
        "select a.area_id, j.mean_distance_km from marts.count_residents a left join "
        "marts.count_journeys j on a.area_id = j.from_area_id order by 2 desc nulls last limit 3",
        "select case when n_subscribers between 1 and 200 then 'few' else 'many' end, "
        "date_trunc('week', period_start), cast(n_subscribers as string) || ' people', "
        "percentile_approx(n_subscribers, 0.5) over (partition by area_level) "
        "from count_residents where area_id like 'area%' and area_level in ('admin1', 'admin2')",
        "select * from (select area_level, n_subscribers from count_residents) "
        "pivot (sum(n_subscribers) for area_level in ('admin1', 'admin2'))",
        "with count_residents as (select * from count_residents) select * from count_residents",
        "select * from values (1, 'a'), (2, 'b') as t (x, y) union all select 3, 'c'",
        "select marts.count_residents.area_id from marts.count_residents where exists "
        "(select 1 from count_journeys j where j.from_area_id = count_residents.area_id)",
    ):
        assert rows(cursors["paula"], sql), sql


# Attacks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_is_not_released_comes_back(readers, cursors, kind):
    places = {
        "canary": readers.folder / "secret" / "canary.csv",
        "served": next((readers.folder / "serve" / "run" / "served").rglob("*/1.parquet")),
        "folder": readers.folder / "written",
        "port": 1,
    }
    before = rows(cursors["paula"], "select * from marts.count_residents order by area_id")
    for user, cursor in cursors.items():
        for sql in filled(HOSTILE[kind], **places):
            went_through, told = answer(cursor, sql)
            assert not went_through, (user, sql[:200], told[:500])
            own = told.replace(str(places["served"]), "")  # what the statement said itself
            for secret in (*NEVER, *FORBIDDEN[user]):
                assert secret not in own, (user, sql[:200], told[:500])
    assert not places["folder"].exists()
    after = rows(cursors["paula"], "select * from marts.count_residents order by area_id")
    assert after == before


def test_there_are_a_hundred_statements_of_twelve_kinds():
    assert len(HOSTILE) >= 12
    assert sum(map(len, HOSTILE.values())) >= 100


@pytest.mark.parametrize("settings", SESSION_SETTINGS, ids=str)
def test_a_session_brings_no_settings_along(readers, settings):
    for user in USERS:
        with pytest.raises(exc.OperationalError, match="is not for readers"):
            readers.connect(user, configuration=settings)


def test_beeline_connects_by_the_printed_line_and_gets_as_little(readers):
    canary = readers.folder / "secret" / "canary.csv"
    done = readers.beeline(
        "carl",
        "select area_id from marts.count_residents order by area_id;",
        f"select * from csv.`{canary}`;",
        "select reflect('java.lang.System', 'getenv');",
        "select '${env:PATH}';",
        "set hive.server2.keystore.password;",
        "show tables;",
    )
    assert "area-1\narea-2" in done.stdout, done.stdout + done.stderr
    assert "marts,count_journeys,false" in done.stdout
    assert "The function reflect is not for readers" in done.stderr
    assert "There is no table csv." in done.stderr
    for secret in (*NEVER[:-1], *FORBIDDEN["carl"]):
        assert secret not in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("user", USERS)
def test_nothing_that_is_not_released_comes_back_in_beeline(readers, user):
    places = {
        "canary": readers.folder / "secret" / "canary.csv",
        "served": next((readers.folder / "serve" / "run" / "served").rglob("*/1.parquet")),
        "folder": readers.folder / "written",
        "port": 1,
    }
    statements = [
        statement
        for statement in all_filled(**places)
        # Beeline does these itself, on the machine of the reader; NUL ends an argument.
        if not statement.startswith(("!", "source ")) and "\0" not in statement
    ]
    before = len(readers.audit())
    done = readers.beeline(user, *[f"{statement};" for statement in statements])
    told = (done.stdout + done.stderr).replace(str(places["served"]), "")
    for secret in (*NEVER, *FORBIDDEN[user]):
        assert secret not in told, secret
    assert not places["folder"].exists()
    lines = [line for line in readers.audit()[before:] if line["user"] == user]
    assert len(lines) >= len(statements)
    through = {line["statement"] for line in lines if not (line["refused"] or line.get("error"))}
    assert through <= {"select 1"}  # a part of several at once, which Beeline sends one by one


def test_the_server_knows_no_secret_of_the_build(readers):
    door = psutil.Process(readers.state["pid"])
    processes = [door, *door.children(recursive=True)]
    assert readers.state["java_pid"] in [process.pid for process in processes]
    for process in processes:
        known = process.environ()
        assert not [name for name in known if name.startswith(("DBT_", "THRONG_KEY"))]
        assert "of-the-build" not in str(known)


def test_files_of_the_server_are_for_its_user_alone(readers):
    for path in (readers.folder / "serve").rglob("*"):
        if path.is_symlink() or path.is_relative_to(readers.folder / "serve/run/spark_home"):
            continue
        assert path.stat().st_mode & 0o077 == 0, path


# Who gets in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"password": "a wrong password"},
        {"password": ""},
        {"password": password_of("carl")},
        {"password": password_of("paula") + "\u00e9"},
        {"username": "nobody-at-all"},
        {"username": "PAULA"},
        {"username": ""},
    ],
    ids=["wrong", "empty", "of another", "longer", "unknown user", "other case", "no name"],
)
def test_nobody_gets_in_without_the_password(readers, given):
    n_lines = len(refused_logins(readers))
    with pytest.raises((TTransportException, AttributeError)):
        readers.connect(**{"user": "paula", **given})
    if "" not in given.values():  # else the server does not even ask
        assert len(refused_logins(readers)) == n_lines + 1
    readers.connect("paula").close()


def refused_logins(readers: Readers) -> list[dict]:
    return [line for line in readers.audit() if line["event"] == "login" and line["refused"]]


@pytest.mark.long
def test_after_five_wrong_passwords_a_user_waits(readers):
    add_user(readers.roles, "wanda", "public", password_of("wanda"))
    wait_until(lambda: readers.connect("wanda").close() or True)
    for _ in range(5):
        with pytest.raises(TTransportException):
            readers.connect("wanda", password="a wrong password")
    with pytest.raises(TTransportException):
        readers.connect("wanda")
    assert refused_logins(readers)[-1]["reason"] == "too many wrong passwords"
    readers.connect("paula").close()  # others do not wait
    time.sleep(1.1)
    readers.connect("wanda").close()


@pytest.mark.long
def test_unknown_users_wait_as_long_as_known_ones(readers):
    def seconds(user: str) -> float:
        began = time.monotonic()
        with contextlib.suppress(TTransportException):
            readers.connect(user, password="a wrong password")
        return time.monotonic() - began

    known = min(seconds("rita") for _ in range(4))
    unknown = min(seconds(f"unknown-{n}") for n in range(4))
    readers.connect("rita").close()
    assert 0.5 < unknown / known < 2


def test_passwords_are_encrypted_on_their_way(readers):
    with pytest.raises(TTransportException):
        readers.connect("paula", is_encrypted=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        pytest.raises(ssl.SSLCertVerificationError),
        contextlib.closing(socket.create_connection(("localhost", readers.port))) as plain,
    ):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused(readers):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        contextlib.closing(socket.create_connection(("localhost", readers.port))) as plain,
    ):
        context.wrap_socket(plain)


def test_five_hundred_connections_that_say_nothing_keep_nobody_out(readers):
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(socket.create_connection(("localhost", readers.port), timeout=30))
        assert readers.query("carl", "select count(*) from marts.count_residents") == [(2,)]
    assert readers.query("rita", "select count(*) from marts.releases") == [(1,)]


def test_a_message_that_says_it_is_huge_ends_its_connection_alone(readers):
    context = ssl.create_default_context(cafile=str(readers.certificate))
    with (
        socket.create_connection(("localhost", readers.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
        # The server may end it before all is sent, or after.
        contextlib.suppress(ConnectionError, ssl.SSLEOFError),
    ):
        client.sendall(b"\x01\x7f\xff\xff\xff" + b"x" * 100_000)  # SASL: START, length, name
        while client.recv(4096):
            pass
    assert readers.query("rita", "select count(*) from marts.releases") == [(1,)]


def test_a_user_is_who_has_the_password_whatever_the_session_says(readers):
    with contextlib.closing(readers.connect("carl")) as connection:
        opened = connection.client.OpenSession(
            ttypes.TOpenSessionReq(
                client_protocol=ttypes.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6,
                username="paula",
                password=password_of("paula"),
            )
        )
        done = connection.client.ExecuteStatement(
            ttypes.TExecuteStatementReq(
                opened.sessionHandle,
                "select current_user(), count(*) from marts.count_residents",
            )
        )
        assert rows_of(connection.client, done) == [("carl", 2)]


def test_handles_of_others_are_not_known(readers):
    with (
        contextlib.closing(readers.connect("paula")) as owner,
        contextlib.closing(readers.connect("carl")) as thief,
    ):
        cursor = owner.cursor()
        cursor.execute("select * from marts.count_residents")
        stolen = [
            thief.client.ExecuteStatement(
                ttypes.TExecuteStatementReq(owner.sessionHandle, "select * from count_residents")
            ),
            thief.client.GetTables(ttypes.TGetTablesReq(sessionHandle=owner.sessionHandle)),
            thief.client.CloseSession(ttypes.TCloseSessionReq(owner.sessionHandle)),
            thief.client.FetchResults(
                ttypes.TFetchResultsReq(
                    cursor._operationHandle, ttypes.TFetchOrientation.FETCH_NEXT, 10
                )
            ),
            thief.client.CancelOperation(ttypes.TCancelOperationReq(cursor._operationHandle)),
            thief.client.CloseOperation(ttypes.TCloseOperationReq(cursor._operationHandle)),
        ]
        assert all("is not known" in response.status.errorMessage for response in stolen)
        assert len(cursor.fetchall()) == 3


def test_a_handle_that_was_closed_opens_nothing(readers):
    with contextlib.closing(readers.connect("paula")) as connection:
        opened = connection.client.OpenSession(
            ttypes.TOpenSessionReq(
                client_protocol=ttypes.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6
            )
        )
        connection.client.CloseSession(ttypes.TCloseSessionReq(opened.sessionHandle))
        replayed = connection.client.ExecuteStatement(
            ttypes.TExecuteStatementReq(opened.sessionHandle, "select * from count_residents")
        )
        assert "is not known" in replayed.status.errorMessage


def test_calls_that_no_reader_needs_are_refused(readers):
    with contextlib.closing(readers.connect("paula")) as connection:
        session = connection.sessionHandle
        told = connection.client.GetDelegationToken(
            ttypes.TGetDelegationTokenReq(session, "paula", "paula")
        )
        assert "not for readers" in told.status.errorMessage


def test_a_user_who_is_removed_reads_no_more(readers):
    add_user(readers.roles, "tom", "public", password_of("tom"))
    wait_until(lambda: readers.connect("tom").close() or True)
    with readers.cursor("tom") as cursor:
        assert answer(cursor, "select 1")[0]
        remove_user(readers.roles, "tom")
        wait_until(lambda: not answer(cursor, "select 1")[0])
        assert "may not read here any more" in answer(cursor, "select 1")[1]
    with pytest.raises(TTransportException):
        readers.connect("tom")


def test_with_a_file_of_roles_that_others_can_read_nobody_reads(readers):
    with readers.cursor("paula") as cursor:
        readers.roles.chmod(0o644)
        try:
            wait_until(lambda: not answer(cursor, "select 1")[0])
        finally:
            readers.roles.chmod(0o600)
        wait_until(lambda: answer(cursor, "select 1")[0])


# Publication --------------------------------------------------------------------------------------


def test_a_release_and_a_withdrawal_are_in_force_soon_and_never_mixed(readers):
    total = (
        "select sum(r.n_subscribers), (select sum(n_subscribers) from marts.total_subscribers) "
        "from marts.count_residents r"
    )
    seen, stop = set(), threading.Event()

    def read() -> None:
        with readers.cursor("paula") as cursor:
            while not stop.is_set():
                cursor.execute(total)
                seen.update(cursor.fetchall())

    old, new = readers.query("paula", total)[0], None
    reader = threading.Thread(target=read)
    reader.start()
    try:
        publish(readers.copies, scale=10)
        new = tuple(10 * number for number in old)
        wait_until(lambda: new in seen)
        publish(readers.copies, without="count_journeys")
        wait_until(lambda: len(readers.query("paula", "show tables")) == 3)
        publish(readers.copies)
        wait_until(lambda: len(readers.query("paula", "show tables")) == 4)
    finally:
        stop.set()
        reader.join()
    assert seen == {old, new}


def wait_until(is_so) -> None:
    """It takes a second or two; a machine that is busy with other things takes longer."""
    deadline = time.monotonic() + 90
    while True:
        with contextlib.suppress(TTransportException):
            if is_so():
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


# Limits and audit ---------------------------------------------------------------------------------

#: Three to the power of 22 rows.
SLOW = "select count(*) from " + ", ".join(f"marts.count_residents t{n}" for n in range(22))


#: The same by keys: as many rows, by another kind of join.
SLOW_BY_KEYS = "select count(*) from marts.count_journeys t0" + "".join(
    f" join marts.count_journeys t{n} on t{n}.period = t0.period" for n in range(1, 22)
)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(SLOW, id="cross join"),
        pytest.param(SLOW_BY_KEYS, id="by keys", marks=pytest.mark.long),
    ],
)
def test_a_statement_ends_after_its_time_and_works_no_longer(readers, sql):
    with contextlib.closing(readers.connect("paula")) as connection:
        request = ttypes.TExecuteStatementReq(connection.sessionHandle, sql, queryTimeout=2)
        done = connection.client.ExecuteStatement(request)
        fetched = connection.client.FetchResults(
            ttypes.TFetchResultsReq(done.operationHandle, ttypes.TFetchOrientation.FETCH_NEXT, 10)
        )
        assert "took longer than 2 s, which is the most" in fetched.status.errorMessage
    java = psutil.Process(readers.state["java_pid"])
    wait_until(lambda: java.cpu_percent(1) < 50)


def test_a_result_has_so_many_rows_and_no_more(readers):
    many = " cross join ".join(f"marts.count_residents t{n}" for n in range(7))
    with readers.cursor("paula") as cursor:
        cursor.execute(f"select t0.area_id from {many} limit 1000")
        assert len(cursor.fetchall()) == 1000
        cursor.execute(f"select t0.area_id from {many}")
        with pytest.raises(exc.OperationalError, match="more than 1000 rows, which is the most"):
            cursor.fetchall()


def test_a_user_runs_so_many_statements_at_a_time_and_others_go_on(readers):
    with (
        contextlib.closing(readers.connect("paula")) as connection,
        contextlib.closing(readers.connect("paula")) as another,
        ThreadPoolExecutor() as threads,
    ):
        running = [connection.cursor() for _ in range(2)]
        for cursor in running:
            cursor.execute(SLOW, async_=True)
        # It waits for its turn as long as it may run, and is told.
        request = ttypes.TExecuteStatementReq(another.sessionHandle, "select 1", queryTimeout=2)
        told = another.client.ExecuteStatement(request).status.errorMessage
        assert "You have 2 statements running" in told
        waits = threads.submit(answer, another.cursor(), "select 1")
        assert readers.query("carl", "select count(*) from marts.count_residents") == [(2,)]
        time.sleep(1)
        assert not waits.done()
        running[0].cancel()
        went_through, _ = waits.result(timeout=60)
        assert went_through
        running[1].cancel()


def test_the_audit_has_a_line_for_each_statement(readers):
    sql = "select r.area_id from marts.count_residents r, marts.releases limit 2 -- audit"
    readers.query("carl", sql)
    with readers.cursor("carl") as cursor:
        answer(cursor, "select * from protected.audit")
    wait_until(lambda: any(line.get("statement") == sql for line in readers.audit()))
    [line] = [line for line in readers.audit() if line.get("statement") == sql]
    assert line["milliseconds"] > 0
    assert line["time"].startswith("20")
    assert {key: line[key] for key in line if key not in ("time", "milliseconds")} == {
        "event": "statement",
        "user": "carl",
        "address": "127.0.0.1",
        "role": "coarse",
        "statement": sql,
        "tables": ["marts.count_residents", "marts.releases"],
        "rows": 2,
        "refused": False,
    }
    [refused] = [
        line for line in readers.audit() if line.get("statement") == "select * from protected.audit"
    ]
    assert refused["refused"]
    assert refused["error"].startswith("There is no table protected.audit.")


# The commands -------------------------------------------------------------------------------------


def test_status_says_how_to_connect(readers):
    status = run_throng("serve", "status", env=readers.env)
    assert status.returncode == 0, status.stdout + status.stderr
    assert f"127.0.0.1:{readers.port}   TLS, password" in status.stdout
    assert "NONE (--without-sandbox)" in status.stdout
    assert "throng.serve.client.connect(" in status.stdout
    assert not [secret for secret in SECRETS[:2] if secret in status.stdout]
