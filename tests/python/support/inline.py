"""SQL with macros of the project in it, as dbt makes it."""

from __future__ import annotations

from pathlib import Path

from tests.python.conftest import Server


def compiled(server: Server, sql: str, landing: Path, **dbt_vars) -> str:
    """The SQL after Jinja, to be run by hand: dbt's own `show` is slow for thousands of rows."""
    done = server.dbt("--quiet", "compile", "--inline", sql, landing=landing, **dbt_vars)
    assert done.returncode == 0, done.stdout
    return done.stdout
