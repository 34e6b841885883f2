"""The same as files, where there is no PostgreSQL: SQL and CSV, loaded elsewhere by psql.

load.sql       runs the others, in one transaction
schema.sql     tables, comments, rules about rows
users.sql      roles with the verifiers of their passwords, and what each may see
hardening.sql  what is taken from everybody in that database
data/          a CSV file of each mart
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from throng.serve.copies import CopiedMart, Copy
from throng.serve.in_force import read
from throng.serve.postgres.binaries import PostgresError
from throng.serve.postgres.ddl import (
    BOOTSTRAP,
    MARTS,
    OWN,
    READERS,
    create_table,
    functions_to_take,
    hardening,
    literal,
    quoted,
)
from throng.serve.postgres.rights import logins_of, rights_of, values_of
from throng.serve.postgres.rows import COPY_OPTIONS, columns_of, csv_of
from throng.serve.postgres.scram import verifier
from throng.serve.postgres.settings import PostgresSettings
from throng.serve.roles import Roles

_LOAD = """\
-- Loads what is published into the database that psql is connected to, as its superuser; again for
-- each release, when readers wait while it runs. Run it in this folder. pg_hba.conf of that server
-- decides who may come in:
--   hostssl DATABASE +{readers} all scram-sha-256
\\set ON_ERROR_STOP on
\\set QUIET on
\\set VERBOSITY terse
begin read write;
set local client_min_messages = warning;
\\ir schema.sql
{copies}
\\ir users.sql
\\ir hardening.sql
commit;
"""


def write_files(settings: PostgresSettings, target: Path, say: Callable[[str], None]) -> Copy:
    """Write the copy in force, with users and roles, into a new folder for this user alone.

    Args:
        settings: where the copies and roles.yml are.
        target: the folder; it is not there yet, or empty.
        say: receives lines for the user.

    Raises:
        PostgresError: the folder cannot be made, or has something in it.
        CopyError: there is no copy, or it cannot be read.
        RolesError: roles.yml cannot be used.
    """
    copy, roles = read(settings.roles, settings.copies)
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(target.iterdir()):
            raise PostgresError(f"{target} is not empty: give a new folder.")
        target.chmod(0o700)
        (target / "data").mkdir(mode=0o700)
        _write(target / "schema.sql", _schema(copy))
        _write(target / "users.sql", _users(copy.marts, roles, settings.limits.connections_of_user))
        _write(target / "hardening.sql", _hardening())
        _write(target / "load.sql", [_LOAD.format(readers=READERS, copies=_copies(copy))])
        for place, name in enumerate(copy.marts, 1):
            say(f"Writing {name} ({place} of {len(copy.marts)})")
            _write_rows(target / "data" / f"{name}.csv", csv_of(settings.copies, copy, name))
    except OSError as error:
        raise PostgresError(f"{target} cannot be written ({error.strerror}).") from None
    return copy


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write(path: Path, statements: list[str]) -> None:
    with os.fdopen(_open(path), "w", encoding="utf-8") as file:
        file.writelines(f"{statement}\n" for statement in statements)


def _write_rows(path: Path, parts: Iterator[bytes]) -> None:
    with os.fdopen(_open(path), "wb") as file:
        file.writelines(parts)


def _schema(copy: Copy) -> list[str]:
    tables = [
        f"{statement};"
        for name, mart in copy.marts.items()
        for statement in create_table(name, mart)
    ]
    return [f"drop schema if exists {MARTS}, {OWN} cascade;", BOOTSTRAP, *tables]


def _copies(copy: Copy) -> str:
    """Relative paths: psql looks for a file of \\copy where it was started."""
    return "\n".join(
        f"\\copy {MARTS}.{quoted(name)} ({columns_of(mart)}) from 'data/{name}.csv' {COPY_OPTIONS}"
        for name, mart in copy.marts.items()
    )


def _users(marts: dict[str, CopiedMart], roles: Roles, connections: int) -> list[str]:
    """Roles are of the whole server: one that is no longer in roles.yml may log in no more."""
    users = logins_of(roles)
    rows, grants = rights_of(marts, roles)
    kept = ", ".join(map(literal, users)) or "null"
    statements = [
        _unless_there(READERS, "nologin noinherit"),
        "select format('alter role %I nologin', r.rolname) from pg_auth_members m "
        "join pg_roles r on r.oid = m.member "
        f"where m.roleid = '{READERS}'::regrole and r.rolname not in ({kept}) \\gexec",
    ]
    for user in users:
        name, password = quoted(user), literal(verifier(roles.users[user].password))
        statements += [
            _unless_there(user, "nologin"),
            f"alter role {name} login noinherit nosuperuser nocreatedb nocreaterole noreplication "
            f"nobypassrls connection limit {connections} password {password};",
            f"grant {READERS} to {name};",
        ]
    if rows:
        values = ",\n".join(values_of(rows, marts))
        statements.append(f"insert into {OWN}.sees values\n{values};")
    statements += [
        f"grant select on {MARTS}.{quoted(mart)} to {quoted(user)};"
        for mart, user, _ in sorted(grants)
    ]
    return statements


def _unless_there(role: str, options: str) -> str:
    return (
        f"select {literal(f'create role {quoted(role)} {options}')} "
        f"where not exists (select from pg_roles where rolname = {literal(role)}) \\gexec"
    )


def _hardening() -> list[str]:
    """For the database that psql is connected to, whatever its name is."""
    return [
        *(f"{statement};" for statement in hardening(':"DBNAME"')),
        f"{functions_to_take()} \\gexec",
        'alter database :"DBNAME" set default_transaction_read_only = on;',
        f'alter database :"DBNAME" set search_path = {MARTS};',
    ]
