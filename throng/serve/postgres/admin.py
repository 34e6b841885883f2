"""Connections of the superuser, over the socket that nobody else can reach."""

from __future__ import annotations

import psycopg

from throng.serve.postgres.ddl import (
    BOOTSTRAP,
    DATABASE,
    READERS,
    SUPERUSER,
    functions_to_take,
    hardening,
    quoted,
)
from throng.serve.postgres.settings import PostgresSettings

#: Nothing of what it does is written into the log, which would have passwords in it otherwise.
_OPTIONS = (
    "-c log_statement=none -c log_duration=off -c log_min_error_statement=panic "
    "-c log_min_messages=error -c pgaudit.log=none -c statement_timeout=0 "
    "-c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 "
    "-c default_transaction_read_only=off -c search_path=pg_catalog"
)


def connect(settings: PostgresSettings, database: str = DATABASE) -> psycopg.Connection:
    """A connection in which each statement is a transaction of its own.

    Raises:
        psycopg.OperationalError: PostgreSQL does not answer.
    """
    return psycopg.connect(
        host=str(settings.socket_folder),
        port=settings.port,
        user=SUPERUSER,
        dbname=database,
        options=_OPTIONS,
        application_name="throng",
        autocommit=True,
        connect_timeout=10,
    )


def make_database(settings: PostgresSettings) -> None:
    """The database of the readers, without what they could misuse; as often as wanted.

    The library pgaudit works without its extension, which is about DDL; and with it every change of
    a table would fail once the library is no longer there.
    """
    with connect(settings, "postgres") as connection:
        made = connection.execute(
            "select from pg_database where datname = %s", [DATABASE]
        ).fetchone()
        if made is None:
            connection.execute(
                f"create database {quoted(DATABASE)} template template0 encoding 'UTF8'"
            )
        if (
            connection.execute("select from pg_roles where rolname = %s", [READERS]).fetchone()
            is None
        ):
            connection.execute(f"create role {READERS} nologin noinherit")
        for database in ("postgres", "template1"):
            connection.execute(f"revoke all on database {database} from public")
    with connect(settings) as connection, connection.transaction():
        connection.execute(BOOTSTRAP)
        for statement in hardening():
            connection.execute(statement)
        for (statement,) in connection.execute(functions_to_take()).fetchall():
            connection.execute(statement)
