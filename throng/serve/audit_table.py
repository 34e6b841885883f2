"""`audit.statements`: what readers did, as a table of the build server, for those who build.

The table lies over the JSON lines that the reader server writes (ReaderAudit.java): nothing is
copied, and what is asked is what is there now.
"""

from __future__ import annotations

from pathlib import Path

from pyhive import hive

SCHEMA = "audit"
TABLE = f"{SCHEMA}.statements"
#: A line that is cut off (the disk was full, or it is just being written) is in broken_line, whole.
_COLUMNS = {
    "time": ("timestamp", "When it began (UTC)."),
    "event": ("string", "statement, login (refused), or connect (a session that was refused)."),
    "user": ("string", "User of roles.yml, or the name that a refused login gave."),
    "address": ("string", "Address of the client; null for refused logins."),
    "role": ("string", "Role of the user at that time."),
    "statement": ("string", "What was sent, its first 10,000 characters."),
    "tables": ("array<string>", "Marts that it reads."),
    "rows": ("bigint", "Rows that were sent."),
    "milliseconds": ("bigint", "From its start to its end."),
    "refused": ("boolean", "Whether it was refused, so that nothing was read."),
    "error": ("string", "What the client got as an error."),
    "reason": ("string", "Why a login was refused."),
    "broken_line": ("string", "A line that cannot be read."),
}


def show_audit(cursor: hive.Cursor, folder: Path) -> None:
    """Let the build server show the audit of a reader server.

    Args:
        cursor: of the build server.
        folder: where the reader server writes its audit.

    Raises:
        pyhive.exc.OperationalError: the server refuses it.
    """
    cursor.execute(f"create schema if not exists {SCHEMA}")
    # Of another reader server, or an earlier version. The lines themselves stay.
    cursor.execute(f"drop table if exists {TABLE}")
    columns = ", ".join(
        f"`{name}` {kind} comment '{comment}'" for name, (kind, comment) in _COLUMNS.items()
    )
    path = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    cursor.execute(
        f"create table {TABLE} ({columns}) using json "
        f"options (path '{path}', columnNameOfCorruptRecord 'broken_line') "
        "comment 'What readers of the reader server did. Grain: one statement or refused login.'"
    )
