"""Flowminder's own SQL files in DuckDB, as they are: given by path, no part of this project."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from throng.bench.flowminder import over_files

# Their names of the core tables, over our files; of a cell with several versions, the last.
_CORE_TABLES = """
create view calls as
select subscriber_id as msisdn, cast(event_at as date) as call_date, event_at as call_datetime,
       cell_id as location_id
from read_parquet('{landing}/events/**/*.parquet');
create view cells as
select cell_id, arg_max(area_id, coalesce(valid_from, timestamp '0001-01-01')) as locality,
       locality as region
from read_parquet('{landing}/cell_sites/*.parquet') group by cell_id;
"""
# Files that others read come first; these are the views above.
_FIRST, _CORE = "home_locations.sql", "core_tables.sql"


class SqlFileError(Exception):
    """A file cannot be run as it is; the message says which, and why."""


def run_files(landing: Path, files: Path, threads: int, folder: Path) -> duckdb.DuckDBPyConnection:
    """Run every .sql file of a folder over the events of a landing folder; the caller closes.

    Args:
        landing: our landing folder, as Parquet.
        files: a folder with files such as count_subscribers.sql, that read calls and cells.
        threads, folder: of DuckDB; the folder takes what does not fit into memory.

    Raises:
        SqlFileError: there is no such file, or DuckDB refuses one.
    """
    paths = sorted(
        (path for path in files.glob("*.sql") if path.name != _CORE),
        key=lambda path: (path.name != _FIRST, path.name),
    )
    if not paths:
        raise SqlFileError(f"there is no .sql file in {files}.")
    connection = over_files(_CORE_TABLES, landing, threads, folder)
    for path in paths:
        try:
            connection.execute(path.read_text())
        except duckdb.Error as error:
            connection.close()
            raise SqlFileError(f"DuckDB refuses {path}: {str(error).splitlines()[0]}") from error
    return connection


def main() -> None:
    """Make the tables: python -m throng.bench.published LANDING FILES THREADS FOLDER."""
    landing, files, threads, folder = sys.argv[1:]
    try:
        with run_files(Path(landing), Path(files), int(threads), Path(folder)) as connection:
            [(n_tables,)] = connection.execute(
                "select count(*) from duckdb_tables() where table_name <> 'home_locations'"
            ).fetchall()
            print(f"{n_tables} tables")
    except SqlFileError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
