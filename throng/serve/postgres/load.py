"""The copy in force, loaded: one transaction for each release.

Rows that are others are deleted and copied anew, which readers neither wait for nor see half done:
a statement sees what was committed when it began. What takes something away (a user who was
removed, a mart that is no longer there) is committed first, for it must not wait for the loading.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import psycopg
from psycopg import sql

from throng.serve.copies import CopiedMart, Copy, mart_of
from throng.serve.postgres.ddl import MARTS, OWN, create_table
from throng.serve.postgres.rights import Change, publish
from throng.serve.postgres.rows import COPY_OPTIONS, columns_of, csv_of, digest_of
from throng.serve.postgres.settings import PostgresSettings
from throng.serve.roles import Roles

#: Pages of a table that one statement deletes: between two it can be given up.
_PAGES_AT_ONCE = 4096
#: How long a statement that began before something was taken away may go on.
GRACE_S = 4.0
_LATER_S = 30


class Superseded(Exception):
    """Something else is in force by now: what was being loaded is given up."""


@dataclass
class Loader:
    """Loads copies, each with what roles.yml says.

    Attributes:
        connection: of the superuser.
        settings: of the server.
        say: receives lines for the log.
        is_superseded: whether something else is in force than what is being loaded.
        cut: ends what still reads the state before a transaction, after some seconds.
    """

    connection: psycopg.Connection
    settings: PostgresSettings
    say: Callable[[str], None]
    is_superseded: Callable[[], bool]
    cut: Callable[[int, float], None]
    _to_vacuum: set[str] = field(default_factory=set)
    _vacuum_again: dict[str, float] = field(default_factory=dict)
    _n_withdrawn: int | None = None

    def apply(self, copy: Copy, roles: Roles) -> None:
        """Put a copy and the roles in force.

        Raises:
            CopyError: the copy cannot be read, or not be loaded.
            Superseded: something else is in force by now; what was loaded before still is.
            psycopg.Error: PostgreSQL refused it.
        """
        loaded = self._loaded()
        still_there = {name: mart for name, (_, mart) in loaded.items() if name in copy.marts}
        self._publish(still_there, roles)
        digests = {name: digest_of(self.settings.copies, copy, name) for name in copy.marts}
        known = {name: digest for name, (digest, _) in loaded.items()}
        others = [name for name, digest in digests.items() if known.get(name) != digest]
        old = {name: mart for name, (_, mart) in loaded.items()}
        with self.connection.transaction(), self.connection.cursor() as cursor:
            swapped = [
                name
                for place, name in enumerate(others, 1)
                if self._load(cursor, copy, name, old.get(name), f"{place} of {len(others)}")
            ]
            for name in others:
                described = json.dumps(asdict(copy.marts[name]))
                cursor.execute(
                    f"insert into {OWN}.loaded values (%s, %s, %s) on conflict (mart) do update "
                    "set digest = excluded.digest, described = excluded.described",
                    [name, digests[name], described],
                )
            self._put_in_place(cursor, swapped)
            publish(cursor, copy.marts, roles, self.settings.limits.connections_of_user)
            number = _number_of(cursor)
            if swapped:
                # Their snapshots know no row of the new tables.
                self._end_old_snapshots(cursor)
        if swapped:
            self.cut(number, 0)
        elif self._n_withdrawn is not None and copy.n_withdrawn > self._n_withdrawn:
            self.cut(number, GRACE_S)
        self._n_withdrawn = copy.n_withdrawn
        replaced = {name for name in others if name in old and name not in swapped}
        self._to_vacuum |= replaced
        # What the longest statement could still read when it was done the first time.
        later = time.monotonic() + self.settings.limits.seconds + _LATER_S
        self._vacuum_again |= dict.fromkeys(replaced, later)
        if not copy.is_withdrawing:
            self._drop(old.keys() - copy.marts.keys())

    def shut(self) -> None:
        """Let nobody see anything."""
        self._publish({}, Roles({}, {}))

    def tidy(self) -> None:
        """Free the room of rows that were deleted, of one table at a time."""
        due = {name for name, at in self._vacuum_again.items() if at <= time.monotonic()}
        self._to_vacuum |= due
        for name in due:
            del self._vacuum_again[name]
        while self._to_vacuum and not self.is_superseded():
            name = self._to_vacuum.pop()
            self.connection.execute(sql.SQL("vacuum {}").format(sql.Identifier(MARTS, name)))

    def _publish(self, marts: dict[str, CopiedMart], roles: Roles) -> Change:
        """With what is loaded, in a transaction of its own; whoever sees less sees it soon."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            change = publish(cursor, marts, roles, self.settings.limits.connections_of_user)
            number = _number_of(cursor) if change.is_less else 0
        if change.is_less:
            self.cut(number, GRACE_S)
        return change

    def _loaded(self) -> dict[str, tuple[str, CopiedMart]]:
        rows = self.connection.execute(f"select mart, digest, described from {OWN}.loaded")
        return {name: _as_loaded(digest, described) for name, digest, described in rows}

    def _load(
        self, cursor: psycopg.Cursor, copy: Copy, name: str, old: CopiedMart | None, place: str
    ) -> bool:
        """Load a mart; whether it is in a new table, which has to take the place of the old."""
        mart = copy.marts[name]
        self.say(f"Loading copy {copy.number}: {name} ({place})")
        is_other = old is not None and (old.columns, old.comment) != (mart.columns, mart.comment)
        schema = OWN if is_other else MARTS
        if old is None or is_other:
            for statement in create_table(name, mart, schema):
                cursor.execute(statement)
        else:
            self._delete(cursor, name)
        target = sql.SQL("copy {} ({}) from stdin {}").format(
            sql.Identifier(schema, name), sql.SQL(columns_of(mart)), sql.SQL(COPY_OPTIONS)
        )
        with cursor.copy(target) as into:
            for part in csv_of(self.settings.copies, copy, name):
                self._look()
                into.write(part)
        return is_other

    def _delete(self, cursor: psycopg.Cursor, name: str) -> None:
        """All rows of a table, some at a time."""
        table = sql.Identifier(MARTS, name)
        cursor.execute(
            "select pg_relation_size(%s::regclass) / current_setting('block_size')::bigint",
            [table.as_string(cursor)],
        )
        [n_pages] = cursor.fetchone()
        for page in range(0, n_pages, _PAGES_AT_ONCE):
            self._look()
            cursor.execute(
                sql.SQL("delete from {} where ctid >= {} and ctid < {}").format(
                    table, f"({page},0)", f"({page + _PAGES_AT_ONCE},0)"
                )
            )

    def _look(self) -> None:
        if self.is_superseded():
            raise Superseded

    def _put_in_place(self, cursor: psycopg.Cursor, names: list[str]) -> None:
        """Tables with other columns in the place of old ones, which are locked from here on."""
        for name in names:
            cursor.execute(sql.SQL("drop table {}").format(sql.Identifier(MARTS, name)))
            cursor.execute(
                sql.SQL("alter table {} set schema {}").format(
                    sql.Identifier(OWN, name), sql.Identifier(MARTS)
                )
            )

    def _end_old_snapshots(self, cursor: psycopg.Cursor) -> None:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
            "and backend_type = 'client backend' and backend_xmin is not null "
            "and usename ~ '^[a-z]'"
        )

    def _drop(self, names: set[str]) -> None:
        """Tables that no copy has any more and nobody may read."""
        for name in names:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                table = sql.Identifier(MARTS, name)
                cursor.execute(sql.SQL("drop table if exists {}").format(table))
                cursor.execute(f"delete from {OWN}.loaded where mart = %s", [name])
            self._to_vacuum.discard(name)
            self._vacuum_again.pop(name, None)


def _as_loaded(digest: str, described: str) -> tuple[str, CopiedMart]:
    """Digest and mart; what another version wrote in another way is loaded again."""
    try:
        return digest, mart_of(json.loads(described))
    except (ValueError, KeyError, TypeError):
        return "", CopiedMart((), "", ())


def _number_of(cursor: psycopg.Cursor) -> int:
    """The number of this transaction; snapshots that are older have no higher one."""
    cursor.execute("select pg_current_xact_id()::text::bigint % 4294967296")
    return cursor.fetchone()[0]
