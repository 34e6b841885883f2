"""The process that follows the build server: a new copy whenever another release is in force.

It alone has the password of the build server; the server of the readers knows nothing of it.
Started by `throng serve start` as `python -m throng.serve.follow SETTINGS_JSON`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyhive import exc, hive
from thrift.Thrift import TException

from throng.marts.arrow import ExportError, schema_of
from throng.marts.layout import Column
from throng.marts.reading import MARTS, described, mart_names
from throng.serve.audit_table import show_audit
from throng.serve.copies import (
    WITHDRAWING,
    CopiedMart,
    Copy,
    CopyError,
    NewCopy,
    current_number,
    n_withdrawn,
    read_copy,
)
from throng.serve.settings import ServeSettings
from throng.server.control import ServerError, connect, is_missing_table, the_server
from throng.server.settings import ServerSettings, SettingsError

#: Release, period, and start of the period.
Period = tuple[str, str, str]

#: How long after one look at the ledger the next one is.
POLL_S = 2.5
_CONNECTIONS = 4
_MOST_TRIES = 5
#: A mart with more files is written anew, since each file takes time to open.
_MOST_FILES = 40
#: More periods than these are as quick with all the rest.
_MOST_ADDED = 500
#: At most so many tasks write the rows of a mart.
_FILES_OF_A_MART = 2
#: Equal as long as the same is in force; the order of rows does not matter. Areas are published
#: with the marts, so the ledger says when they are others.
_FINGERPRINT = (
    "select count(*), bit_xor(xxhash64(*)), count_if(status = 'withdrawn') from released.ledger"
)


def what_is_in_force(cursor: hive.Cursor) -> str:
    """A text that is another one whenever readers of the marts would see something else."""
    marts = ",".join(mart_names(cursor))
    try:
        cursor.execute(_FINGERPRINT)
        n_entries, entries, n_withdrawn = cursor.fetchone()
        return f"{marts} {n_entries}:{entries} withdrawn:{n_withdrawn}"
    except exc.OperationalError as error:
        if not is_missing_table(error):
            raise
        return f"{marts} no ledger"


def copy_published(server: ServerSettings, copies: Path) -> Copy:
    """Copy what is published if the copy in force is another; return the one that is then in force.

    Raises:
        CopyError: what is published changed again and again while it was copied, or cannot be read.
        ServerError: the build server does not answer.
    """
    last = None
    with contextlib.closing(connect(server)) as connection:
        cursor = connection.cursor()
        for _ in range(_MOST_TRIES):
            before = what_is_in_force(cursor)
            number = current_number(copies)
            if number is not None:
                with contextlib.suppress(CopyError):
                    known = read_copy(copies, number)
                    if known.fingerprint == before:
                        return known
                    if not known.is_withdrawing:
                        last = known
                    if n_withdrawn(before) > known.n_withdrawn:
                        # Out of sight at once; what is left comes back when it has been copied.
                        NewCopy(copies).put_in_force(f"{WITHDRAWING} {before}")
            new = NewCopy(copies)
            try:
                _copy_marts(server, mart_names(cursor), new, _periods_in_force(cursor), last)
                if what_is_in_force(cursor) == before:
                    return new.put_in_force(before)
            except BaseException:
                new.give_up()
                raise
            new.give_up()
    raise CopyError("What is published changed while it was copied; try again.")


def _periods_in_force(cursor: hive.Cursor) -> dict[str, set[Period]]:
    """Release, period and start of what each mart shows; nothing before the first release."""
    try:
        cursor.execute(
            "select mart, release_id, period, cast(period_start as string) from released.ledger "
            "where status = 'published'"
        )
    except exc.OperationalError as error:
        if not is_missing_table(error):
            raise
        return {}
    periods: dict[str, set[Period]] = {}
    for mart, *period in cursor.fetchall():
        periods.setdefault(mart, set()).add(tuple(period))
    return periods


def _copy_marts(
    server: ServerSettings,
    names: list[str],
    new: NewCopy,
    periods: dict[str, set[Period]],
    last: Copy | None,
) -> None:
    """Copy marts, some at a time; the first error ends it."""

    def copy_share(share: list[str]) -> None:
        with contextlib.closing(connect(server)) as connection:
            cursor = connection.cursor()
            cursor.execute("set spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS")
            for name in share:
                _copy_mart(cursor, name, new, periods.get(name, set()), last)

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        shares = [names[place::_CONNECTIONS] for place in range(_CONNECTIONS)]
        for done in [pool.submit(copy_share, share) for share in shares if share]:
            done.result()


def _copy_mart(
    cursor: hive.Cursor, name: str, new: NewCopy, periods: set[Period], last: Copy | None
) -> None:
    """Copy what the last copy has not; rows that were published are never changed."""
    columns, comment = described(cursor, name)
    told = [(column.name, column.kind, column.comment) for column in columns]
    kept = last.marts.get(name) if last else None
    if kept is None or not _may_be_kept(kept, told, periods):
        rows = _rows(cursor, name, columns, new.folder, None)
        new.add(name, rows, told, comment, periods)
        return
    added = periods - set(kept.periods)
    rows = (
        _rows(cursor, name, columns, new.folder, added)
        if added
        else schema_of(name, columns).empty_table()
    )
    new.add(name, rows, told, comment, periods, kept=(last.number, kept))


def _may_be_kept(
    kept: CopiedMart, columns: list[tuple[str, str, str]], periods: set[Period]
) -> bool:
    """Whether all rows of a mart in the last copy are still in force, with the same columns."""
    was = set(kept.periods)
    return (
        bool(was)
        and was <= periods
        and [column[:2] for column in kept.columns] == [column[:2] for column in columns]
        and len(kept.files) < _MOST_FILES
        and len(periods - was) <= _MOST_ADDED
    )


def _rows(
    cursor: hive.Cursor,
    name: str,
    columns: list[Column],
    folder: Path,
    periods: set[Period] | None,
) -> pa.Table:
    """Rows of a mart, all or those of some periods, by way of files of the build server."""
    written = folder / f".{name}"
    path = str(written).replace("\\", "\\\\").replace("'", "\\'")
    where = ""
    if periods is not None:
        pairs = sorted({(period, start) for _, period, start in periods})
        listed = ", ".join(f"('{period}', '{start}')" for period, start in pairs)
        where = f"where (period, cast(period_start as string)) in ({listed})"
    cursor.execute(
        # What is read once and removed is not worth compressing.
        "insert overwrite directory using parquet "
        f"options (path '{path}', compression 'uncompressed') "
        f"select /*+ coalesce({_FILES_OF_A_MART}) */ * from {MARTS}.{name} {where}"
    )
    try:
        files = sorted(written.glob("*.parquet"))
        if not files:
            return schema_of(name, columns).empty_table()
        return pa.concat_tables([pq.read_table(file) for file in files])
    except (OSError, pa.ArrowInvalid) as error:
        raise CopyError(
            f"What the build server wrote of marts.{name} cannot be read ({type(error).__name__}): "
            f"it must run on this machine, as this user, to write to {written}."
        ) from None
    finally:
        shutil.rmtree(written, ignore_errors=True)


def main() -> int:
    """Follow the build server until SIGTERM."""
    settings = ServeSettings.from_json(sys.argv[1])
    os.umask(0o077)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    said = ""
    is_audit_shown = False
    while True:
        try:
            if not is_audit_shown:
                _show_audit(settings)
                is_audit_shown = True
            copy = copy_published(the_server(), settings.copies)
            problem = ""
        except (
            CopyError,
            ExportError,
            ServerError,
            SettingsError,
            hive.Error,
            TException,
        ) as error:
            problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        if problem != said and problem:
            print(f"{_now()} Not followed: {problem}", flush=True)
        elif not problem and said != f"copy {copy.number}":
            print(f"{_now()} In force: copy {copy.number}, {len(copy.marts)} marts.", flush=True)
        said = problem or f"copy {copy.number}"
        time.sleep(POLL_S)


def _show_audit(settings: ServeSettings) -> None:
    with contextlib.closing(connect(the_server())) as connection:
        show_audit(connection.cursor(), settings.audit_folder)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


if __name__ == "__main__":
    sys.exit(main())
