"""PostgreSQL for readers: what is published and their role may see, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import psutil
import psycopg
import pytest
from psycopg import errors

from tests.python.conftest import run_throng
from tests.python.support.postgres import (
    Postgres,
    postgres_elsewhere,
    postgres_in,
    wait_until,
)
from tests.python.support.readers import SECRETS, TABLES, USERS, password_of, publish
from throng.serve.postgres.binaries import find_postgres
from throng.serve.roles import add_user, remove_user

OPTIONS = (
    *("--seconds", "4", "--idle-seconds", "6", "--connections-of-user", "4"),
    *("--spill-mb", "50", "--memory-mb", "512"),
)
#: What only others may see, in the results of a statement.
FORBIDDEN = {
    "paula": (),
    "carl": ("area-fine-7", "441977", "0.5"),
    "rita": ("mean_distance_km", "12.5", "0.5"),
}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    with postgres_in(tmp_path_factory.mktemp("postgres"), *OPTIONS) as postgres:
        yield postgres


@pytest.fixture(autouse=True)
def _as_at_first(request):
    """Each test begins with the tables as they were at first."""
    yield
    if "postgres" in request.fixturenames:
        postgres = request.getfixturevalue("postgres")
        if not is_first(postgres):
            publish(postgres.readers.copies)
            wait_until(lambda: is_first(postgres))


def is_first(postgres: Postgres) -> bool:
    """Whether the numbers are those of the first copy; asked where no password costs time."""
    with contextlib.suppress(psycopg.Error):
        rows = postgres.as_superuser("select sum(n_subscribers) from marts.count_residents")
        return rows == [(442437,)]
    return False


def n_subscribers(postgres: Postgres, user: str) -> int | None:
    """Of the first area; None if the mart is not there, or nobody may come in."""
    with contextlib.suppress(psycopg.Error):
        rows = postgres.query(
            user, "select n_subscribers from count_residents where area_id = 'area-1'"
        )
        return rows[0][0] if rows else None
    return None


def said(error: psycopg.Error) -> str:
    return f"{error} {error.diag.message_detail} {error.diag.context}"


# What a role sees ---------------------------------------------------------------------------------


def test_a_role_sees_its_marts_and_levels(postgres):
    marts = "select mart from marts.releases order by mart"
    areas = "select area_id from marts.count_residents order by area_id"
    tables = "select table_name from information_schema.tables where table_schema = 'marts'"
    everything = [(name,) for name in sorted(TABLES) if name != "releases"]
    assert postgres.query("paula", areas) == [("area-1",), ("area-2",), ("area-fine-7",)]
    assert postgres.query("paula", marts) == everything
    assert sorted(postgres.query("paula", tables)) == [(name,) for name in sorted(TABLES)]
    assert postgres.query("carl", areas) == [("area-1",), ("area-2",)]
    assert postgres.query("carl", marts) == everything
    assert postgres.query("carl", "select count(*) from count_journeys") == [(2,)]
    assert postgres.query("rita", areas) == [("area-1",), ("area-2",), ("area-fine-7",)]
    assert postgres.query("rita", marts) == [("count_residents",)]
    assert sorted(postgres.query("rita", tables)) == [("count_residents",), ("releases",)]
    for mart in ("count_journeys", "total_subscribers"):
        with pytest.raises(errors.InsufficientPrivilege):
            postgres.query("rita", f"select * from {mart}")


def test_values_types_and_comments_are_those_of_the_copy(postgres):
    [row] = postgres.query(
        "paula",
        "select period_start, pg_typeof(period_start)::text, n_subscribers, "
        "pg_typeof(n_subscribers)::text, obj_description('count_residents'::regclass), "
        "col_description('count_residents'::regclass, 1) from count_residents "
        "where area_id = 'area-1'",
    )
    assert str(row[0]) == "2020-02-03 00:00:00"
    assert row[1:] == (
        *("timestamp without time zone", 120, "bigint"),
        *("Grain: one row of count_residents.", "What period is: it's told."),
    )


def test_psql_describes_tables(postgres):
    options = ("host=localhost", f"port={postgres.port}", "dbname=throng", "user=rita")
    tls = ("sslmode=verify-full", f"sslrootcert='{postgres.settings.certificate_file}'")
    done = subprocess.run(
        [
            *(str(find_postgres().folder / "psql"), "-X", " ".join((*options, *tls))),
            *("-c", r"\d", "-c", r"\d+ count_residents", "-c", r"\dp", "-c", r"\l"),
        ],
        env={"PGPASSWORD": password_of("rita"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert "What n_subscribers is: it's told." in done.stdout


# Who comes in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"password": "wrong-wrong-2020"}, "password authentication failed"),
        ({"password": ""}, "no password supplied"),
        ({"sslmode": "disable"}, "pg_hba.conf rejects connection"),
        ({"user": "_throng"}, "pg_hba.conf rejects connection"),
        ({"user": "_throng_readers"}, "password authentication failed"),
        ({"user": "postgres"}, "pg_hba.conf rejects connection"),
        ({"user": "nobody"}, "pg_hba.conf rejects connection"),
        ({"dbname": "postgres"}, "pg_hba.conf rejects connection"),
        ({"dbname": "template1"}, "pg_hba.conf rejects connection"),
        ({"replication": "true"}, "requested standby connections exceeds max_wal_senders"),
        ({"replication": "database"}, "requested standby connections exceeds max_wal_senders"),
        ({"ssl_max_protocol_version": "TLSv1.1", "ssl_min_protocol_version": "TLSv1"}, "SSL error"),
        ({"host": "127.0.0.2", "hostaddr": "127.0.0.1"}, "does not match host name"),
        ({"sslrootcert": "system"}, "certificate verify failed"),
    ],
)
def test_others_do_not_come_in(postgres, options, sentence):
    with pytest.raises(psycopg.OperationalError, match=sentence):
        postgres.connect(**{"user": "paula", **options})


def test_the_socket_is_for_the_superuser_alone(postgres):
    folder = postgres.settings.socket_folder
    assert folder.stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
        postgres.connect("paula", host=str(folder), sslmode="disable")


def test_a_password_is_scram_with_the_iterations_of_the_file(postgres):
    kept = postgres.as_superuser("select rolpassword from pg_authid where rolname ~ '^[a-z]'")
    assert all(not row[0] or row[0].startswith("SCRAM-SHA-256$310000:") for row in kept)
    assert sum(bool(row[0]) for row in kept) == len(USERS)


# Nothing else comes back --------------------------------------------------------------------------

HOSTILE = {
    "files": (
        "select pg_read_file('/etc/passwd')",
        "select pg_read_binary_file('/etc/passwd')",
        "select pg_ls_dir('/')",
        "select pg_stat_file('/etc/passwd')",
        "select * from pg_ls_logdir()",
        "copy (select 1) to '/tmp/stolen'",
        "copy (select 1) to program 'id'",
        "copy count_residents from program 'id'",
        "copy count_residents from '/etc/passwd'",
        "select lo_import('/etc/passwd')",
        "select lo_create(0)",
        "select lo_from_bytea(0, 'x')",
        "select lo_export(1, '/tmp/stolen')",
        "load 'auto_explain'",
        "load '/tmp/library'",
        "select * from pg_hba_file_rules",
        "select * from pg_config",
        "show data_directory",
        "show hba_file",
        "select pg_current_logfile()",
    ),
    "code": (
        "do 'begin end'",
        "do language plpgsql 'begin end'",
        "create function f() returns int language sql as 'select 1'",
        "create function marts.f() returns int language sql as 'select 1'",
        "create extension plpgsql",
        "create extension dblink",
        "create extension file_fdw",
        "create language plpgsql",
        "create event trigger t on ddl_command_start execute function f()",
        "create aggregate pg_temp.a(int) (sfunc = int4pl, stype = int)",
        "select dblink('host=localhost', 'select 1')",
        "select query_to_xml('select 1', true, true, '')",
        "select database_to_xml(true, true, '')",
        "select ts_stat('select null::tsvector')",
        "select ts_rewrite('a'::tsquery, 'select null::tsquery, null::tsquery')",
    ),
    "objects": (
        "create temp table t (a int)",
        "create table t (a int)",
        "create table marts.t (a int)",
        "create schema s",
        "create view marts.v as select 1",
        "create temp view v as select * from count_residents",
        "select 1 into t",
        "create database d",
        "create publication p",
        "create sequence marts.s",
        "create rule r as on select to count_residents do instead select 1",
        "create statistics marts.s on area_id, area_level from count_residents",
    ),
    "rights": (
        "set role _throng",
        "set session authorization _throng",
        "set session authorization paula",
        "set row_security = off; select * from count_residents",
        "alter table count_residents disable row level security",
        "alter table count_residents no force row level security",
        "drop policy rows_of_the_role on count_residents",
        "create policy p on count_residents using (true)",
        "create role r superuser",
        "alter role carl superuser",
        "alter role carl bypassrls",
        "alter role carl connection limit 1000",
        "alter role paula password 'stolen'",
        "alter system set log_statement = 'none'",
        "alter database throng set log_statement = 'none'",
        "grant pg_read_server_files to carl",
        "grant pg_read_all_data to carl",
        "grant _throng to carl",
        "drop owned by _throng",
        "reassign owned by _throng to carl",
        "set session_replication_role = replica",
        "set log_statement = 'none'",
        "set log_min_messages = panic",
        "set temp_file_limit = -1",
        "reset log_statement; set log_duration = off",
    ),
    "changes": (
        "insert into count_residents (area_id) values ('x')",
        "update count_residents set n_subscribers = 0",
        "delete from count_residents",
        "truncate count_residents",
        "drop table count_residents",
        "lock table count_residents in access exclusive mode",
        "lock table count_residents in share mode",
        "select * from count_residents for update",
        "alter table count_residents rename to r",
        "comment on table count_residents is 'x'",
        "reindex table count_residents",
        "checkpoint",
        "insert into _throng.sees select 'carl', 'count_residents', 'admin2', null, 'x'",
        "delete from _throng.sees",
    ),
    "others": (
        "select * from _throng.sees",
        "select * from _throng.loaded",
        "select * from pg_stat_activity",
        "select * from pg_stat_get_activity(null)",
        "select * from pg_locks",
        "select * from pg_stats",
        "select * from pg_statistic",
        "select * from pg_shadow",
        "select * from pg_authid",
        "select * from pg_auth_members",
        "select pg_terminate_backend(pg_backend_pid())",
        "select pg_cancel_backend(1)",
        "select pg_export_snapshot()",
        "select pg_reload_conf()",
        "select pg_stat_get_live_tuples('count_residents'::regclass)",
    ),
    "catalog": (
        "alter table pg_catalog.pg_class rename to x",
        "grant select on pg_authid to carl",
        "grant execute on function pg_sleep(double precision) to carl",
        "create operator marts.= (leftarg = text, rightarg = text, function = texteq)",
        "create cast (text as int) with inout",
        "create subscription s connection 'host=localhost' publication p",
        "create server s foreign data wrapper w",
        "create user mapping for carl server s",
        "import foreign schema s from server s into marts",
        "create tablespace t location '/tmp'",
        "security label on table count_residents is 'x'",
        "refresh materialized view count_residents",
        "cluster count_residents",
    ),
    "waiting": (
        "select pg_sleep(1)",
        "select pg_sleep_for('1 s')",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_lock_shared(1)",
        "select pg_notify('a', 'b')",
    ),
    "replication": (
        "select pg_create_physical_replication_slot('x')",
        "select pg_create_logical_replication_slot('x', 'pgoutput')",
        "select pg_logical_emit_message(false, 'a', 'b')",
        "select pg_switch_wal()",
        "select pg_backup_start('x')",
    ),
}
#: What somebody sends to see rows of others: it may go through, but none comes back.
CURIOUS = (
    "select * from count_residents",
    "select * from count_residents where n_subscribers = 441977 or true",
    "select * from count_residents where 1 / (n_subscribers - 441977) is not null",
    "select * from count_residents where area_id::int > 0",
    "select max(n_subscribers), count(*) from count_residents",
    "select area_id::xml from count_residents",
    "select row_to_json(c) from count_residents c",
    "explain (analyze, verbose) select * from count_residents where area_id like 'area-f%'",
    "explain select * from count_residents where n_subscribers > 441976",
    "copy count_residents to stdout",
    "copy (select * from count_journeys) to stdout",
    "table count_journeys",
    "select * from count_journeys",
    "set row_security = off; select count(*) from count_residents",
    "select currtid2('count_residents', '(0,3)'); select * from count_residents",
    "select * from count_residents where ctid = '(0,3)'",
    "select * from count_residents tablesample system (100)",
    "declare c scroll cursor with hold for select * from count_residents; fetch all c",
    "select * from pg_stats_ext",
    "select most_common_vals::text, histogram_bounds::text from pg_stats",
    "select * from pg_class where relname = 'count_residents'",
    "select pg_get_expr(polqual, polrelid) from pg_policy",
    "select * from (select area_id, row_number() over () from count_residents) r",
    "select string_agg(area_id, ',') from count_residents group by rollup(area_level)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 9) "
    "select area_id from r, count_residents",
    "select 'count_residents'::regclass, (select n_subscribers from count_residents "
    "order by n_subscribers desc limit 1)",
)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("is_lifted", [False, True], ids=["read only", "read write"])
def test_nothing_that_is_not_released_comes_back(postgres, kind, is_lifted):
    """By a role that is held to something; with and without what the session begins with."""
    with postgres.connect("carl") as connection:
        if is_lifted:
            connection.execute("set default_transaction_read_only = off")
        for statement in HOSTILE[kind]:
            with pytest.raises(psycopg.Error) as refused:
                answer = connection.execute(statement)
                pytest.fail(f"{statement}: {answer.statusmessage}")
            found = [secret for secret in SECRETS[:2] if secret in said(refused.value)]
            assert not found, statement


@pytest.mark.parametrize("user", ["carl", "rita"])
def test_rows_of_others_never_come_back(postgres, user):
    with postgres.connect(user) as connection:
        for statement in CURIOUS:
            text = everything_of(connection, statement)
            asked = [word for word in FORBIDDEN[user] if word in statement]
            found = [word for word in FORBIDDEN[user] if word in text and word not in asked]
            assert not found, (statement, text)


def everything_of(connection: psycopg.Connection, statement: str) -> str:
    """All that comes back: rows of each result, or what the error says."""
    try:
        with connection.cursor() as cursor:
            if statement.startswith("copy"):
                with cursor.copy(statement) as copied:
                    return b"".join(map(bytes, copied)).decode()
            cursor.execute(statement)
            parts = []
            while True:
                parts.append(str(cursor.fetchall()) if cursor.description else "")
                if not cursor.nextset():
                    return " ".join(parts)
    except psycopg.Error as error:
        return said(error)


def test_estimates_do_not_depend_on_rows_of_others(postgres):
    """With statistics, EXPLAIN would tell a value that is there from one that is not."""
    postgres.as_superuser("vacuum analyze marts.count_residents")
    with postgres.connect("carl") as connection:
        plans = {
            connection.execute(
                f"explain (costs, format json) select * from count_residents where {where} {value}"
            ).fetchone()[0][0]["Plan"]["Plan Rows"]
            for where in ("n_subscribers =", "n_subscribers >")
            for value in (1, 120, 441977, 10**9)
        }
        assert len(plans) == 1 or plans <= {1}, plans
    assert postgres.as_superuser("select count(*) from pg_stats where schemaname = 'marts'") == [
        (0,)
    ]


def test_what_a_user_changes_of_itself_is_put_back(postgres):
    """PostgreSQL lets everybody change the own password, and give up own rights."""
    with postgres.connect("carl") as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute("alter role carl password 'another-password-2020'")
        connection.execute("alter role carl set statement_timeout = 0")
        connection.execute("alter default privileges grant select on tables to public")
        connection.execute("drop owned by carl")
        connection.execute("set role _throng_readers")
        connection.execute("drop owned by _throng_readers")
    wait_until(lambda: n_subscribers(postgres, "carl") == 120)
    assert "Users or rights were changed inside PostgreSQL; they are put back." in postgres.log
    with pytest.raises(psycopg.OperationalError):
        postgres.connect("carl", password="another-password-2020")
    assert postgres.query("carl", "show statement_timeout") == [("4s",)]
    assert n_subscribers(postgres, "paula") == 120


# Limits -------------------------------------------------------------------------------------------

#: It fills neither memory nor files.
LARGE = (
    "select count((select sum(a * b) from generate_series(1, 10000) b)) "
    "from generate_series(1, 100000) a"
)


def test_a_statement_ends_at_its_time_even_if_the_session_lifts_the_limit(postgres):
    with postgres.connect("carl") as connection:
        with pytest.raises(errors.QueryCanceled):
            connection.execute(LARGE)
        connection.execute("set statement_timeout = 0")
        began = time.monotonic()
        with pytest.raises(errors.AdminShutdown):
            connection.execute(LARGE)
        assert time.monotonic() - began < 15
    said = "Ended a session of carl: a statement or transaction took longer than 4 s."
    wait_until(lambda: said in postgres.log)


def test_memory_spill_and_connections_are_limited(postgres):
    with postgres.connect("carl") as connection:
        with pytest.raises(errors.ConfigurationLimitExceeded):
            connection.execute("select count(*) from generate_series(1, 10000000)")
        connection.execute("set work_mem = '100GB'")
        with pytest.raises(psycopg.Error):
            connection.execute("select length(repeat('x', 1000000000) || repeat('y', 70000000))")
        with pytest.raises(errors.OutOfMemory):
            connection.execute(
                "select array_agg(repeat('x', 1000000)) from generate_series(1, 2000)"
            )
        assert connection.execute("select 1").fetchone() == (1,)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(postgres.connect("carl"))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            postgres.connect("carl")
        assert postgres.query("paula", "select 1") == [(1,)]


# Releases, withdrawals, roles ---------------------------------------------------------------------


def test_a_release_is_one_step_and_an_open_transaction_keeps_the_old(postgres):
    with postgres.connect("paula", autocommit=False) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        ask = "select (select sum(n_subscribers) from count_residents), sum(n_subscribers) "
        ask += "from total_subscribers"
        assert connection.execute(ask).fetchone() == (442437, 2010)
        publish(postgres.readers.copies, scale=2)
        seen = set()
        with postgres.connect("carl") as other:
            while n_subscribers(postgres, "rita") != 240:
                seen.add(
                    other.execute(
                        "select (select sum(n_subscribers) from count_residents), "
                        "(select sum(n_subscribers) from total_subscribers)"
                    ).fetchone()
                )
        assert seen <= {(460, 2010), (920, 4020)}, "never a mix"
        assert connection.execute(ask).fetchone() == (442437, 2010)
        connection.rollback()
        assert connection.execute(ask).fetchone() == (884874, 4020)


def test_a_withdrawal_is_in_force_soon_whatever_others_hold_open(postgres):
    ask = "select n_subscribers from count_residents where area_id = 'area-1'"
    with (
        contextlib.closing(postgres.connect("carl", autocommit=False)) as holding,
        contextlib.closing(postgres.connect("rita", autocommit=False)) as hostile,
    ):
        holding.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert holding.execute(ask).fetchone() == (120,)
        hostile.read_only = False
        hostile.execute("lock table count_residents in access share mode")
        hostile.execute("drop owned by rita")  # holds rows of the catalog that grants are in
        publish(postgres.readers.copies, without="count_residents")
        took = wait_until(lambda: n_subscribers(postgres, "paula") is None, 9)
        assert took < 9
        with pytest.raises(psycopg.Error):
            for _ in range(100):
                holding.execute(ask)
                time.sleep(0.1)
        wait_until(lambda: not tables_of(postgres, "count_residents"), 15)
        wait_until(lambda: "it kept a release or a withdrawal waiting" in postgres.log)


def tables_of(postgres: Postgres, name: str) -> list[tuple]:
    return postgres.as_superuser(f"select from pg_class where relname = '{name}'")


def test_other_columns_take_the_place_of_the_old(postgres, monkeypatch):
    values, kinds = TABLES["total_subscribers"]
    changed = ({**values, "n_more": [7, 8]}, [*kinds, "int"])
    monkeypatch.setitem(TABLES, "total_subscribers", changed)
    publish(postgres.readers.copies)
    ask = "select * from total_subscribers order by n_subscribers"
    wait_until(lambda: postgres.query("carl", ask) == [("day", 1000, 7), ("day", 1010, 8)])
    monkeypatch.undo()
    publish(postgres.readers.copies)
    wait_until(lambda: postgres.query("carl", ask) == [("day", 1000), ("day", 1010)])


def test_what_another_version_has_loaded_is_loaded_again(postgres):
    postgres.as_superuser("update _throng.loaded set described = '{}' where mart = 'releases'")
    publish(postgres.readers.copies)
    wait_until(lambda: "releases (1 of 1)" in postgres.log.splitlines()[-2])
    assert postgres.query("rita", "select mart from releases") == [("count_residents",)]


def test_users_and_roles_are_read_again(postgres):
    roles = postgres.readers.roles
    before = roles.read_text()
    add_user(roles, "anna", "public", password_of("anna"))
    wait_until(lambda: n_subscribers(postgres, "anna") == 120)
    with postgres.connect("anna") as connection:
        ask = "select count(*) from count_residents"
        assert connection.execute(ask, prepare=True).fetchone() == (3,)
        add_user(roles, "anna", "coarse", password_of("anna"))
        wait_until(lambda: connection.execute(ask, prepare=True).fetchone() == (2,), 9)
        remove_user(roles, "anna")
        wait_until(lambda: is_ended(connection, ask), 9)
    with pytest.raises(psycopg.OperationalError):
        postgres.connect("anna")
    roles.write_text(before)


def is_ended(connection: psycopg.Connection, ask: str) -> bool:
    with contextlib.suppress(psycopg.Error):
        connection.execute(ask)
    return connection.closed


def test_a_file_of_roles_that_is_open_to_others_lets_nobody_in_until_it_is_mended(postgres):
    roles = postgres.readers.roles
    with postgres.connect("paula") as connection:
        roles.chmod(0o644)
        wait_until(lambda: "Nobody may read: Others can read the file" in postgres.log)
        with pytest.raises(psycopg.Error):
            for _ in range(50):
                connection.execute("select 1 from count_residents")
                time.sleep(0.1)
    with pytest.raises(psycopg.OperationalError):
        postgres.connect("paula")
    roles.chmod(0o600)
    wait_until(lambda: n_subscribers(postgres, "paula") == 120)


def test_names_that_postgresql_cannot_have_keep_nobody_else_out(postgres):
    roles = postgres.readers.roles
    for name in ("pg_monitor", "public", "user", "a.b-c"):
        add_user(roles, name, "public", password_of("paula"))
    users = "select rolname from pg_roles where rolname in ('user', 'a.b-c')"
    wait_until(lambda: len(postgres.as_superuser(users)) == 2)
    for name in ("user", "a.b-c"):
        with postgres.connect(name, password=password_of("paula")) as connection:
            assert connection.execute("select count(*) from count_residents").fetchone() == (3,)
    assert "pg_monitor cannot log in to PostgreSQL" in postgres.log
    with pytest.raises(psycopg.OperationalError):
        postgres.connect("pg_monitor", password=password_of("paula"))
    for name in ("pg_monitor", "public", "user", "a.b-c"):
        remove_user(roles, name)


# The audit, and ends ------------------------------------------------------------------------------


def test_the_audit_has_each_statement_and_each_login(postgres):
    postgres.query("rita", "select 'asked by rita' from count_residents")
    with pytest.raises(psycopg.OperationalError):
        postgres.connect("rita", password="wrong-wrong-2020")
    with pytest.raises(psycopg.Error):
        postgres.query("rita", "select * from count_journeys")

    def lines() -> list[dict]:
        return [line for line in postgres.audit() if line.get("user") == "rita"]

    wait_until(lambda: any("count_journeys" in str(line) for line in lines()))
    asked = next(line for line in lines() if "asked by rita" in line["message"])
    assert asked["remote_host"] == "127.0.0.1" and asked["dbname"] == "throng"
    assert any("password authentication failed" in line["message"] for line in lines())
    is_by_pgaudit = any(line["message"].startswith("AUDIT: SESSION,") for line in lines())
    assert is_by_pgaudit == find_postgres().has_library("pgaudit")
    denied = [line for line in lines() if "permission denied" in line["message"]]
    assert denied[-1]["statement"] == "select * from count_journeys"
    everything = str(postgres.audit()) + postgres.log
    assert "SCRAM-SHA-256$" not in everything
    assert not any(password_of(user) in everything for user in USERS)


def test_after_a_kill_it_comes_back_by_itself(postgres):
    [(pid,)] = postgres.as_superuser("select pg_backend_pid()")
    parent = psutil.Process(_state(postgres)["postgres_pid"])
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    assert pid
    wait_until(lambda: n_subscribers(postgres, "carl") == 120, 30)


def test_without_its_watcher_nobody_reads_what_may_be_withdrawn(postgres):
    os.kill(_state(postgres)["pid"], signal.SIGKILL)
    wait_until(lambda: not _listens(postgres.port))
    started = postgres.start(*OPTIONS)
    assert started.returncode == 0, started.stdout + started.stderr
    assert n_subscribers(postgres, "carl") == 120


def _state(postgres: Postgres) -> dict:
    return json.loads(postgres.settings.state_file.read_text())


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def test_status_says_what_is_in_force_and_a_second_start_changes_nothing(postgres):
    shown = run_throng("serve", "postgres", "status", env=postgres.env)
    assert shown.returncode == 0 and "In force: copy" in shown.stdout
    assert 'psql "host=localhost' in shown.stdout
    again = postgres.start()
    assert again.returncode == 0 and "already runs" in again.stdout


# Files --------------------------------------------------------------------------------------------


def test_files_load_elsewhere_again_and_again(postgres, tmp_path):
    """Into another database of the same server, which is not the one of the readers."""
    folder = tmp_path / "files"
    for _ in range(2):
        shutil.rmtree(folder, ignore_errors=True)
        written = run_throng("serve", "postgres", "files", str(folder), env=postgres.env)
        assert written.returncode == 0, written.stderr
        assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
    again = run_throng("serve", "postgres", "files", str(folder), env=postgres.env)
    assert again.returncode == 1 and "is not empty" in again.stderr
    with postgres_elsewhere() as elsewhere:
        for _ in range(2):
            elsewhere.psql("-f", "load.sql", cwd=folder)
        for user, mart, number in (
            *(("paula", "count_residents", 3), ("carl", "count_residents", 2)),
            *(("rita", "releases", 1), ("carl", "count_journeys", 2)),
        ):
            asked = f"set role {user}; select count(*) from marts.{mart}"
            assert elsewhere.psql("-c", asked) == str(number), (user, mart)
        for refused in ("create temp table t (a int)", "do ''", "select pg_sleep(0)"):
            lifted = ("-c", "set default_transaction_read_only = off", "-c", "set role carl")
            with pytest.raises(AssertionError, match=r"permission denied|does not exist"):
                elsewhere.psql(*lifted, "-c", refused)
        comment = "select obj_description('marts.count_residents'::regclass)"
        assert elsewhere.psql("-c", comment) == "Grain: one row of count_residents."
        kept = elsewhere.psql("-c", "select rolpassword from pg_authid where rolname = 'carl'")
        assert [(kept,)] == postgres.as_superuser(
            "select rolpassword from pg_authid where rolname = 'carl'"
        )
