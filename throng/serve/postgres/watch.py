"""The process beside PostgreSQL: it starts it, loads what is in force, enforces the limits.

Started by `throng serve postgres start` as `python -m throng.serve.postgres.watch SETTINGS`. It
looks every second whether another copy or another roles.yml is there. If it ends, so does
PostgreSQL: nobody would follow withdrawals. If PostgreSQL ends, it is started again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import psycopg

from throng.serve.copies import CopyError
from throng.serve.in_force import look, read
from throng.serve.postgres.admin import connect, make_database
from throng.serve.postgres.binaries import Binaries, PostgresError, find_postgres
from throng.serve.postgres.cluster import open_to_readers, prepare, spawn_postgres, why_it_ended
from throng.serve.postgres.keeper import Keeper
from throng.serve.postgres.load import Loader, Superseded
from throng.serve.postgres.rights import logins_of, rights_in_force
from throng.serve.postgres.settings import PostgresSettings
from throng.serve.roles import RolesError
from throng.server.background import settle
from throng.server.processes import write_state
from throng.server.settings import LOCK_TAKEN, SettingsError

_LOOK_EVERY_S = 1.0
#: Files of the audit that stay, of 10 MB or a day each.
_MOST_LOGS = 30
_START_S = 60
_STOP_S = 20
#: Ends that follow each other faster than this are not tried again.
_QUICK_END_S = 20
_MOST_QUICK_ENDS = 3


def main() -> int:
    """Run PostgreSQL with the settings given as JSON in the first argument."""
    settings = PostgresSettings.from_json(sys.argv[1])
    if not settle(settings.run_folder, settings.state_file):
        return LOCK_TAKEN
    quick_ends = 0
    try:
        binaries = find_postgres()
        prepare(settings, binaries)
        while quick_ends < _MOST_QUICK_ENDS:
            began = time.monotonic()
            _serve(settings, binaries)
            quick_ends = quick_ends + 1 if time.monotonic() - began < _QUICK_END_S else 1
            say(f"PostgreSQL has ended: {why_it_ended(settings)}")
            time.sleep(1)
        return 1
    except (PostgresError, SettingsError) as error:
        say(str(error))
        return 1
    finally:
        settings.state_file.unlink(missing_ok=True)


def say(line: str) -> None:
    """A line of the log."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} {line}", flush=True)


def _serve(settings: PostgresSettings, binaries: Binaries) -> None:
    """Run PostgreSQL until its end, or until this process is asked to end."""
    prepare(settings, binaries)  # closed to readers
    process = spawn_postgres(settings, binaries)
    try:
        if not _wait_until_it_answers(settings, process):
            return
        make_database(settings)
        with connect(settings) as connection:
            keeper = Keeper(settings, connection.info.backend_pid, say)
            keeper.start()
            try:
                _Watch(settings, connection, keeper, process).run()
            finally:
                keeper.stop()
    except psycopg.Error as error:
        say(f"PostgreSQL does not answer: {_first_line(error)}")
    finally:
        _stop(process)


def _wait_until_it_answers(settings: PostgresSettings, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError), connect(settings, "postgres"):
            return True
        time.sleep(0.1)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End PostgreSQL and its sessions, with all that was loaded written down."""
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.send_signal(ending)
            process.wait(_STOP_S)
            return


@dataclass
class _Watch:
    """Looks what is in force, and puts it in force here."""

    settings: PostgresSettings
    connection: psycopg.Connection
    keeper: Keeper
    process: subprocess.Popen[bytes]
    _seen: tuple[object, ...] = ()
    _loading: tuple[object, ...] = ()
    _rights: str = ""
    _said: str = ""

    def __post_init__(self) -> None:
        self._loader = Loader(
            self.connection, self.settings, say, self._is_superseded, self.keeper.cut
        )

    def run(self) -> None:
        """Until PostgreSQL ends."""
        self._refresh()
        while not self._seen and self.process.poll() is None:
            time.sleep(_LOOK_EVERY_S)
            self._refresh()
        open_to_readers(self.settings, self.process)
        write_state(
            self.settings.state_file,
            os.getpid(),
            postgres_pid=self.process.pid,
            settings=json.loads(self.settings.to_json()),
        )
        while self.process.poll() is None and self.keeper.is_running:
            time.sleep(_LOOK_EVERY_S)
            self._refresh()
            _remove_old_logs(self.settings)

    def _refresh(self) -> None:
        """Put in force what is there now; without a copy or roles.yml that can be read, nothing."""
        if self._rights and rights_in_force(self.connection) != self._rights:
            say("Users or rights were changed inside PostgreSQL; they are put back.")
            self._seen = ()
        self._loading = self._look()
        if self._loading == self._seen:
            self._loader.tidy()
            return
        try:
            self._put_in_force()
        except Superseded:
            self._say("Something else is in force by now.")
            return
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            self._say(f"Not in force yet: {_first_line(error)}")
            return
        self._seen = self._loading
        self._rights = rights_in_force(self.connection)

    def _put_in_force(self) -> None:
        try:
            copy, roles = read(self.settings.roles, self.settings.copies)
            self._loader.apply(copy, roles)
        except (CopyError, RolesError, psycopg.DataError) as error:
            self._say(f"Nobody may read: {_first_line(error)}")
            self._loader.shut()
            return
        users = logins_of(roles)
        self._say(f"In force: copy {copy.number}, {len(copy.marts)} marts, {len(users)} users.")
        for user in sorted(roles.users.keys() - users):
            say(
                f"{user} cannot log in to PostgreSQL: the name has another meaning there, or the "
                "password is in LDAP."
            )

    def _look(self) -> tuple[object, ...]:
        return look(self.settings.roles, self.settings.copies)

    def _is_superseded(self) -> bool:
        return self._look() != self._loading

    def _say(self, line: str) -> None:
        """A line of the log, unless it is the same again."""
        if line != self._said:
            say(line)
        self._said = line


def _remove_old_logs(settings: PostgresSettings) -> None:
    for pattern in ("*.json", "*.log"):
        for path in sorted(settings.audit_folder.glob(pattern))[:-_MOST_LOGS]:
            path.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
