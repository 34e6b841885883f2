"""What the release commands read from the server, and dbt beside it."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import yaml
from pyhive import exc, hive

from throng.disclosure.relations import AuditError
from throng.errors import fail
from throng.server.control import ServerError, connect, is_missing_table, the_server
from throng.server.password import PASSWORD_VARIABLE, password
from throng.server.settings import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa


class ReleaseError(Exception):
    """A release cannot go on; the message says why and what to do."""


class Warehouse:
    """The tables of a release.

    Args:
        connection: an open PyHive connection; the caller closes it.
    """

    def __init__(self, connection: hive.Connection) -> None:
        self._cursor = connection.cursor()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement.

        Raises:
            ReleaseError: a table of the release is not there yet.
        """
        try:
            self._cursor.execute(sql)
        except exc.OperationalError as error:
            if is_missing_table(error):
                raise ReleaseError(
                    "There is nothing to release yet. Run: throng release build"
                ) from None
            raise
        return self._cursor.fetchall() if self._cursor.description else []

    def frame(
        self, table: str, columns: Sequence[str], where: str = "true", *, in_order: bool = False
    ) -> pa.Table:
        """Columns of a table as Arrow; `where` is SQL that Spark and DuckDB both understand.

        Files of a local warehouse are read as they are: a million rows in a second. Elsewhere they
        come over Thrift, many times slower. In order: of the columns, the first one first.
        """
        # Not at the top: most release commands read a few rows and need neither.
        import duckdb
        import pyarrow as pa

        described = self.query(f"describe formatted {table}")
        types = {name: kind for name, kind, _ in reversed(described) if name in columns}
        [location] = [value for name, value, _ in described if name == "Location"]
        place = urlparse(location)
        order = " order by all" if in_order else ""
        if place.scheme != "file":
            rows = self.query(f"select {', '.join(columns)} from {table} where {where}{order}")
            schema = _schema(types, columns)
            values = [dict(zip(columns, row, strict=True)) for row in rows]
            return pa.Table.from_pylist(values, schema)
        folder = Path(unquote(place.path))
        if not any(folder.rglob("*.parquet")):
            return _schema(types, columns).empty_table()
        with duckdb.connect() as connection:
            source = str(folder).replace("'", "''")
            return connection.sql(
                f"select {', '.join(columns)} from read_parquet('{source}/**/*.parquet', "
                f"hive_partitioning = true, hive_types_autocast = false) where {where}{order}"
            ).to_arrow_table()


def _schema(types: Mapping[str, str], columns: Sequence[str]) -> pa.Schema:
    """The Arrow schema of columns of these SQL types."""
    import pyarrow as pa

    arrow = {
        "string": pa.string(),
        "timestamp": pa.timestamp("us"),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
    }
    return pa.schema([(name, arrow[types[name]]) for name in columns])


@contextlib.contextmanager
def open_warehouse() -> Iterator[Warehouse]:
    """The warehouse of the server that settings and environment name, in a session of its own.

    Raises:
        ServerError, SettingsError: there is no server to talk to.
    """
    with contextlib.closing(connect(the_server())) as connection:
        yield Warehouse(connection)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """What a user can mend ends in one sentence."""
    try:
        yield
    except (AuditError, ReleaseError, ServerError, SettingsError) as error:
        fail(error)


def project_file() -> Path:
    """The dbt project of the current folder.

    Raises:
        ReleaseError: there is none.
    """
    file = Path("dbt_project.yml")
    if not file.exists():
        raise ReleaseError("There is no dbt_project.yml here. Run this in the project's folder.")
    return file


def study_vars(text: str) -> dict[str, Any]:
    """The dbt vars of an option --vars.

    Raises:
        ReleaseError: they are no map.
    """
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError:
        values = text
    if not isinstance(values, dict):
        raise ReleaseError(f"--vars must be like '{{study_start: 2020-02-03}}', not '{text}'.")
    return values


def run_dbt(*arguments: str, quiet: bool = False) -> None:
    """Run dbt in the current folder.

    Args:
        quiet: say nothing unless it fails; then its own sentence is the error.

    Raises:
        ReleaseError: dbt failed.
    """
    project_file()
    # Not at the top: dbt takes two seconds to import. In this process, so that a command that needs
    # it several times waits for that once.
    from dbt.cli.main import dbtRunner

    os.environ.setdefault("DBT_PROFILES_DIR", "profiles")
    server = the_server()  # dbt acts on the same one
    os.environ.update(THRONG_HOST=server.host, THRONG_PORT=str(server.port))
    os.environ[PASSWORD_VARIABLE] = password()
    said = io.StringIO()
    with contextlib.redirect_stdout(said) if quiet else contextlib.nullcontext():
        options = ["--quiet", "--no-use-colors"] if quiet else []
        result = dbtRunner().invoke([*options, *arguments])
    if result.success:
        return
    if not quiet:
        raise ReleaseError("The build has failed; see above. Nothing was released.")
    text = said.getvalue() or str(result.exception or "")
    sentence = re.search(r"Compilation Error.*\n\s*(.+)", text)
    raise ReleaseError(sentence[1] if sentence else f"dbt has failed:\n{text.strip()}")


def operation(warehouse: Warehouse, name: str, /, **values: str) -> None:
    """Run one of the operations in macros/release, with the feeds of the last complete build.

    Raises:
        ReleaseError: it refused; the message is the operation's own sentence.
    """
    # Where the vars of a run are not those of the last one, dbt reads the whole project again.
    # Operations have vars of their own, so what is read for them is kept apart from builds.
    target = Path(os.environ.get("DBT_TARGET_PATH", "target"), "operations")
    options = ["--args", yaml.safe_dump(values), "--target-path", str(target)]
    options += ["--vars", yaml.safe_dump({"feeds": recorded_feeds(warehouse)})]
    run_dbt("run-operation", name, *options, quiet=True)


def recorded_feeds(warehouse: Warehouse) -> list[str]:
    """The optional feeds of the last complete build; none before it."""
    if not warehouse.query("show databases like 'protected'") or not warehouse.query(
        "show tables in protected like 'release_settings'"
    ):
        return []
    [(feeds,)] = warehouse.query("select feeds from protected.release_settings")
    return feeds.split(",") if feeds else []
