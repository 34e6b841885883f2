"""What keeps one reader from keeping others, or the loader, waiting.

A session can lift `statement_timeout` and the like by SET. This looks every second, from outside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from throng.serve.postgres.admin import connect
from throng.serve.postgres.ddl import SUPERUSER
from throng.serve.postgres.settings import PostgresSettings

_LOOK_EVERY_S = 1.0
#: How long PostgreSQL's own limits, which end a statement and not the session, come first.
_BEYOND_S = 3
#: How long a reader may hold a lock that the loader waits for.
_BLOCKING_S = 2.0
_SESSIONS = f"""
select pid, coalesce(usename, 'a user who was removed'), why from (
    select *, case
        when usename is null then 'the user is no longer in roles.yml'
        when state <> 'idle' and xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
            then 'a statement or transaction took longer than ' || %(limit)s || ' s'
        when state like 'idle in transaction%%'
            and state_change < clock_timestamp() - make_interval(secs => %(idle)s)
            then 'a transaction waited for its next statement'
        when age(backend_xmin) >= age(%(cut)s::xid) and xact_start <= to_timestamp(%(cut_at)s)
            then 'it still read what was taken out of sight'
        when pid = any (%(blocking)s) then 'it kept a release or a withdrawal waiting'
    end as why
    from pg_stat_activity
    where backend_type = 'client backend' and usesysid is not null
        and usename is distinct from '{SUPERUSER}'
) sessions where why is not null
"""


@dataclass(frozen=True)
class _Cut:
    """What takes something out of sight: the transaction, when it was, when it holds for all."""

    number: int
    at: float
    due_at: float


@dataclass
class Keeper:
    """A thread that ends sessions of readers.

    Attributes:
        settings: of the server.
        loader_pid: of the loader's session.
        say: receives lines for the log.
    """

    settings: PostgresSettings
    loader_pid: int
    say: Callable[[str], None]
    _cuts: list[_Cut] = field(default_factory=list)
    _blocked_since: float | None = None
    _is_over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the end."""
        self._is_over.set()
        if self._thread:
            self._thread.join(timeout=30)

    @property
    def is_running(self) -> bool:
        """Whether it still looks."""
        return self._thread is not None and self._thread.is_alive()

    def cut(self, number: int, seconds: float) -> None:
        """End sessions that still read the state before a transaction.

        Args:
            number: of the transaction.
            seconds: until then.
        """
        now = time.time()
        self._cuts.append(_Cut(number, now, now + seconds))

    def _run(self) -> None:
        try:
            with connect(self.settings) as connection:
                while not self._is_over.wait(_LOOK_EVERY_S):
                    self._look(connection)
        except psycopg.Error as error:
            # PostgreSQL has ended, which the watcher sees too; else it starts this again.
            self.say(f"The limits are looked at again: {str(error).splitlines()[0]}")

    def _look(self, connection: psycopg.Connection) -> None:
        limits, cut = self.settings.limits, self._due_cut()
        given = {
            "seconds": limits.seconds + _BEYOND_S,
            "limit": limits.seconds,
            "idle": limits.idle_seconds + _BEYOND_S,
            "cut": str(cut.number) if cut else None,
            "cut_at": cut.at if cut else None,
            "blocking": self._blocking(connection),
        }
        for pid, user, why in connection.execute(_SESSIONS, given).fetchall():
            connection.execute("select pg_terminate_backend(%s)", [pid])
            self.say(f"Ended a session of {user}: {why}.")

    def _due_cut(self) -> _Cut | None:
        """The last transaction before which nobody may read any more."""
        now = time.time()
        # What was due a while ago has been done; numbers of transactions come round.
        self._cuts = [cut for cut in self._cuts if cut.due_at > now - 10]
        due = [cut for cut in self._cuts if cut.due_at <= now]
        return due[-1] if due else None

    def _blocking(self, connection: psycopg.Connection) -> list[int]:
        """Sessions that the loader has waited for long enough."""
        [pids] = connection.execute("select pg_blocking_pids(%s)", [self.loader_pid]).fetchone()
        if not pids:
            self._blocked_since = None
            return []
        self._blocked_since = self._blocked_since or time.monotonic()
        return pids if time.monotonic() - self._blocked_since >= _BLOCKING_S else []
