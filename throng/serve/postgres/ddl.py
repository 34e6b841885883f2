"""SQL of the database of the readers: tables, rules about rows, what is taken from everybody.

    marts._          one table for each mart, with the rows of all area levels
    _throng.sees     which rows of which mart a reader may see
    _throng.loaded   which marts are loaded, from which files

Each table has one rule, for everybody, which looks up `sees` for the current user. So a new user or
another role is a change of rows, which waits for no lock and is in force with the data that it
belongs to. A rule for each role would be a lock on each table, and DROP OWNED BY would let its
members take it away.
"""

from __future__ import annotations

import re

from throng.serve.copies import ABOUT, LEVEL, CopiedMart, CopyError

#: Names that no user can have: those begin with a small letter.
SUPERUSER = "_throng"
READERS = "_throng_readers"
OWN = "_throng"
DATABASE = "throng"
MARTS = "marts"
_TYPES = {
    "string": "text",
    # Marts have local time without a zone; with one, each client would shift it to its own.
    "timestamp": "timestamp without time zone",
    "date": "date",
    "bigint": "bigint",
    "int": "integer",
    "smallint": "smallint",
    "tinyint": "smallint",
    "double": "double precision",
    "float": "real",
    "boolean": "boolean",
}
#: Functions of pg_catalog that a reader has no use for, and what they could be used for.
TAKEN_FUNCTIONS = {
    "large objects, which are files": r"lo_.*|loread|lowrite",
    "SQL in a text, past the audit": r"(query|table|schema|database|cursor)_to_xml.*|ts_stat",
    "rewriting by a query in a text": r"ts_rewrite",
    "waiting": r"pg_sleep.*|pg_(try_)?advisory.*",
    "files of the server": r"pg_read_.*|pg_ls_.*|pg_stat_file|pg_file_.*|pg_export_snapshot",
    "other sessions": r"pg_(cancel|terminate)_backend|pg_notify|pg_lock_status|pg_blocking_pids"
    r"|pg_safe_snapshot_blocking_pids|pg_isolation_test_session_is_blocked|pg_stat_get_.*"
    r"|pg_prepared_xact|pg_get_multixact_members|pg_listening_channels"
    r"|pg_notification_queue_usage|pg_log_backend_memory_contexts",
    "replication": r"pg_logical_.*|pg_replication_.*|pg_create_.*|pg_drop_.*|pg_copy_.*"
    r"|pg_get_replication_.*|pg_show_replication_.*|pg_get_wal_.*|pg_switch_wal|pg_walfile_.*",
    "settings of the server": r"pg_reload_conf|pg_rotate_logfile.*|pg_current_logfile"
    r"|pg_hba_file_rules|pg_ident_file_mappings|pg_show_all_file_settings|pg_config"
    r"|pg_get_shmem_allocations|pg_get_backend_memory_contexts",
    "collations": r"pg_import_system_collations",
}
#: Views and tables of the catalog about users, sessions and values, without which clients do well.
#: Not pg_roles: psql's \\d reads it, and names of users come out of pg_get_userbyid all the same.
_TAKEN_RELATIONS = (
    *("pg_shadow", "pg_authid", "pg_auth_members", "pg_db_role_setting"),
    *("pg_stat_activity", "pg_locks", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"),
    *("pg_statistic", "pg_default_acl", "pg_largeobject", "pg_largeobject_metadata"),
    *("pg_prepared_xacts", "pg_shdepend", "pg_file_settings"),
)

BOOTSTRAP = f"""\
drop extension if exists plpgsql;
drop schema if exists public;
create schema if not exists {OWN};
create schema if not exists {MARTS};
revoke all on schema {OWN}, {MARTS} from public;
grant usage on schema {MARTS} to public;
create table if not exists {OWN}.sees (
    reader name not null,
    mart text not null,
    area_level text,
    about text,
    key text not null
);
create table if not exists {OWN}.loaded (
    mart text primary key, digest text not null, described text not null
);
alter table {OWN}.sees enable row level security;
revoke all on {OWN}.sees, {OWN}.loaded from public;
grant select on {OWN}.sees to public;
drop policy if exists own_rows on {OWN}.sees;
create policy own_rows on {OWN}.sees for select to public using (reader = current_user);
"""


def hardening(database: str = DATABASE) -> list[str]:
    """Statements that take from everybody what readers have no use for, in one database.

    Args:
        database: its name, as SQL has it.
    """
    relations = ", ".join(f"pg_catalog.{name}" for name in _TAKEN_RELATIONS)
    return [
        f"revoke all on database {database} from public",
        # Who may come in at all is said in pg_hba.conf.
        f"grant connect on database {database} to public",
        f"revoke all on {relations} from public",
    ]


def functions_to_take() -> str:
    """A query of statements, one for each function that readers have no use for."""
    pattern = literal(f"^({'|'.join(TAKEN_FUNCTIONS.values())})$")
    return (
        "select format('revoke execute on function %s from public', oid::regprocedure) "
        "from pg_catalog.pg_proc where pronamespace = 'pg_catalog'::regnamespace "
        f"and proname ~ {pattern}"
    )


def create_table(name: str, mart: CopiedMart, schema: str = MARTS) -> list[str]:
    """Statements that make the table of a mart, with its rule and without statistics.

    Raises:
        CopyError: a column has a type that PostgreSQL has no word for.
    """
    table = f"{schema}.{quoted(name)}"
    columns = ",\n".join(
        f"    {quoted(column)} {type_of(name, column, kind)}" for column, kind, _ in mart.columns
    )
    return [
        f"create table {table} (\n{columns}\n)",
        f"revoke all on {table} from public",
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy rows_of_the_role on {table} for select to public "
        f"using ({_rule(name, mart)})",
        # EXPLAIN estimates from statistics, which are of all rows: it would say what others see.
        f"alter table {table} "
        + ", ".join(f"alter {quoted(column)} set statistics 0" for column in mart.names),
        *([f"comment on table {table} is {literal(mart.comment)}"] if mart.comment else []),
        *(
            f"comment on column {table}.{quoted(column)} is {literal(comment)}"
            for column, _, comment in mart.columns
            if comment
        ),
    ]


def key_of(mart: CopiedMart, level: str, about: str) -> str:
    """The expression by which rows of a mart are compared with `sees`.

    Args:
        mart: whose columns decide.
        level: the expression of the area level.
        about: the expression of the mart that a row is about.
    """
    parts = [
        f"quote_nullable({expression})"
        for column, expression in ((LEVEL, level), (ABOUT, about))
        if column in mart.names
    ]
    return " || ',' || ".join(parts) or "''"


def _rule(name: str, mart: CopiedMart) -> str:
    """Rows whose key is one of those that the current user has."""
    key = key_of(mart, quoted(LEVEL), quoted(ABOUT))
    return (
        f"{key} = any (array(\n    select s.key from {OWN}.sees s"
        f"\n    where s.reader = current_user and s.mart = {literal(name)}))"
    )


def type_of(mart: str, column: str, kind: str) -> str:
    """PostgreSQL's type of a column.

    Raises:
        CopyError: there is none.
    """
    if re.fullmatch(r"decimal\(\d+, ?\d+\)", kind):
        return kind.replace("decimal", "numeric")
    if kind not in _TYPES:
        raise CopyError(
            f"{MARTS}.{mart} has the column {column} of type {kind}; PostgreSQL gets numbers, "
            "texts, dates and times only."
        )
    return _TYPES[kind]


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL has it, whatever is in it."""
    plain = "'" + text.replace("'", "''") + "'"
    return " E" + plain.replace("\\", "\\\\") if "\\" in text else plain
