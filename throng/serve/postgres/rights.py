"""Users, what each may see, and what each may read at all: made as roles.yml and the copy say."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from throng.serve.copies import CopiedMart
from throng.serve.postgres.ddl import MARTS, OWN, READERS, key_of, literal
from throng.serve.postgres.scram import verifier
from throng.serve.roles import LDAP, Roles

#: Names that PostgreSQL gives nobody.
_NO_NAMES = ("public", "none")
_ALL_RIGHTS = """
select encode(sha256(convert_to(jsonb_build_array(
    (select jsonb_agg(to_jsonb(a) order by a.oid) from pg_authid a),
    (select jsonb_agg(to_jsonb(m) order by m.roleid, m.member) from pg_auth_members m),
    (select jsonb_agg(to_jsonb(s) order by s.setdatabase, s.setrole) from pg_db_role_setting s),
    (select jsonb_agg(to_jsonb(d) order by d.oid) from pg_default_acl d),
    (select jsonb_agg(jsonb_build_array(oid, relacl) order by oid) from pg_class
        where relkind = 'r' and relnamespace in ('marts'::regnamespace, '_throng'::regnamespace)),
    (select jsonb_agg(jsonb_build_array(oid, nspacl) order by oid) from pg_namespace
        where nspname !~ '^pg_(toast_)?temp_')
)::text, 'UTF8')), 'hex')
"""
_GRANTED = """
select c.relname, coalesce(r.rolname, 'public'), a.privilege_type
from pg_class c, aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
where c.relnamespace = 'marts'::regnamespace and c.relkind = 'r' and a.grantee <> c.relowner
"""


@dataclass(frozen=True)
class Change:
    """What publishing has changed.

    Attributes:
        is_any: whether anything was another one.
        is_less: whether somebody sees less than before.
    """

    is_any: bool
    is_less: bool


def is_possible(user: str) -> bool:
    """Whether PostgreSQL takes a name of roles.yml for a user."""
    return user not in _NO_NAMES and not user.startswith("pg_")


def logins_of(roles: Roles) -> list[str]:
    """Users who can log in here: those whose password has a hash, and whose name is possible."""
    return sorted(
        name for name, user in roles.users.items() if is_possible(name) and user.password != LDAP
    )


def rights_of(marts: dict[str, CopiedMart], roles: Roles) -> tuple[set[tuple], set[tuple]]:
    """Rows of `sees` (user, mart, level, mart that it is about), and grants (mart, user, right)."""
    rows, grants = set(), set()
    for user in logins_of(roles):
        role = roles.roles[roles.users[user].role]
        for name, mart in marts.items():
            if mart.is_for(role, name):
                grants.add((name, user, "SELECT"))
                files = mart.files_for(role)
                rows |= {(user, name, file.level, file.about) for file in files}
    return rows, grants


def publish(
    cursor: psycopg.Cursor, marts: dict[str, CopiedMart], roles: Roles, connections_of_user: int
) -> Change:
    """Let users of roles.yml see what their roles may see of these marts, and nothing else.

    Args:
        cursor: of the superuser, in a transaction.
        marts: that are loaded.
        roles: the file.
        connections_of_user: how many a user has at a time.
    """
    wanted_rows, wanted_grants = rights_of(marts, roles)
    # What nothing can hold up comes first: rows of `sees`, which no reader can lock.
    rows = _set_rows(cursor, wanted_rows, marts)
    passwords = {user: verifier(roles.users[user].password) for user in logins_of(roles)}
    logins = _set_users(cursor, passwords, connections_of_user)
    grants = _set_grants(cursor, wanted_grants)
    return Change(
        is_any=rows.is_any or logins.is_any or grants.is_any,
        is_less=rows.is_less or logins.is_less or grants.is_less,
    )


def rights_in_force(connection: psycopg.Connection) -> str:
    """A text that is another one when users, passwords or rights are others, by whomever."""
    [text] = connection.execute(_ALL_RIGHTS).fetchone()
    return text


def values_of(rows: set[tuple], marts: dict[str, CopiedMart]) -> list[str]:
    """Values of `sees`, as SQL has them, in order."""
    values = []
    for user, name, level, about in rows:
        given = [_text(level), _text(about)]
        key = key_of(marts[name], f"{given[0]}::text", f"{given[1]}::text")
        values.append(f"({literal(user)}, {literal(name)}, {', '.join(given)}, {key})")
    return sorted(values)


def _text(value: str | None) -> str:
    return "null" if value is None else literal(value)


def _set_rows(cursor: psycopg.Cursor, wanted: set[tuple], marts: dict[str, CopiedMart]) -> Change:
    cursor.execute(f"select reader, mart, area_level, about from {OWN}.sees")
    found = set(cursor.fetchall())
    if found != wanted:
        cursor.execute(f"delete from {OWN}.sees")
        if wanted:
            values = ",\n".join(values_of(wanted, marts))
            cursor.execute(f"insert into {OWN}.sees values\n{values}")
    return Change(found != wanted, bool(found - wanted))


def _set_users(cursor: psycopg.Cursor, wanted: dict[str, str], connections: int) -> Change:
    """Logins as wanted. Whatever users have changed of their own is put back."""
    cursor.execute(
        "select rolname, rolpassword, (rolcanlogin, rolinherit, rolsuper, rolcreaterole, "
        "rolcreatedb, rolreplication, rolbypassrls, rolconnlimit)::text, "
        "exists (select from pg_db_role_setting s where s.setrole = a.oid) "
        "or exists (select from pg_default_acl d where d.defaclrole = a.oid) from pg_authid a "
        "where rolname ~ '^[a-z]' and rolname !~ '^pg_'"
    )
    found = {row[0]: row[1:] for row in cursor.fetchall()}
    as_wanted = f"(t,f,f,f,f,f,f,{connections})"
    is_any = False
    for name in sorted(found.keys() - wanted.keys()):
        cursor.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(name)))
        is_any = True
    for name, password in wanted.items():
        user = sql.Identifier(name)
        if name not in found:
            cursor.execute(sql.SQL("create role {0}; grant {1} to {0}").format(user, _READERS))
        elif found[name][2]:  # settings of their own
            cursor.execute(sql.SQL("drop owned by {0}; alter role {0} reset all").format(user))
        if found.get(name) != (password, as_wanted, False):
            cursor.execute(
                sql.SQL(
                    "alter role {} login noinherit nosuperuser nocreatedb nocreaterole "
                    "noreplication nobypassrls connection limit {} password {}"
                ).format(user, sql.Literal(connections), sql.Literal(password))
            )
            is_any = True
    return Change(is_any, bool(found.keys() - wanted.keys()))


_READERS = sql.Identifier(READERS)


def _set_grants(cursor: psycopg.Cursor, wanted: set[tuple]) -> Change:
    cursor.execute(_GRANTED)
    found = set(cursor.fetchall())
    surplus = found - wanted
    for name, user in sorted({(name, user) for name, user, _ in surplus}):
        to = sql.SQL("public") if user == "public" else sql.Identifier(user)
        table = sql.Identifier(MARTS, name)
        cursor.execute(sql.SQL("revoke all on {} from {}").format(table, to))
    revoked = {(name, user) for name, user, _ in surplus}
    missing: dict[str, list[str]] = {}
    for name, user, _ in sorted(wanted):
        if (name, user, "SELECT") not in found or (name, user) in revoked:
            missing.setdefault(name, []).append(user)
    for name, users in missing.items():
        names = sql.SQL(", ").join(map(sql.Identifier, users))
        table = sql.Identifier(MARTS, name)
        cursor.execute(sql.SQL("grant select on {} to {}").format(table, names))
    return Change(found != wanted, bool(surplus))
