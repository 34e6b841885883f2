"""`throng ddl` and `throng scan-cost`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.marts.ddl import DIALECTS, DdlError, check_database, check_location, ddl
from throng.marts.workgroup import WorkgroupError, workgroup


def print_ddl(
    marts: Annotated[
        list[str] | None, typer.Argument(help="Of these marts; of all if none is named.")
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="athena or hive.")] = None,
    location: Annotated[
        str | None,
        typer.Option(
            help="Where the folders of throng export --all --partitioned are: s3://, for Hive "
            "also s3a://, hdfs:// or file:."
        ),
    ] = None,
    database: Annotated[str, typer.Option(help="Database of the tables.")] = "throng",
    replace: Annotated[
        bool, typer.Option("--replace", help="Drop tables of the same names first.")
    ] = False,
    with_workgroup: Annotated[
        bool,
        typer.Option(
            "--workgroup",
            help="Instead of DDL: an Athena workgroup, for aws athena create-work-group.",
        ),
    ] = False,
    name: Annotated[str, typer.Option(help="With --workgroup: its name.")] = "throng",
    results: Annotated[
        str | None, typer.Option(help="With --workgroup: folder of S3 for results of queries.")
    ] = None,
    scan_limit: Annotated[
        str, typer.Option(help="With --workgroup: what a query may read, 10MB at least.")
    ] = "10GB",
    kms_key: Annotated[
        str | None,
        typer.Option(help="With --workgroup: KMS key of the results; default: a key of S3."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; default: print.")] = None,
) -> None:
    """Print the DDL of exported marts for Athena or Hive, or an Athena workgroup."""
    try:
        if with_workgroup:
            if marts or dialect or location or replace:
                raise WorkgroupError(
                    "--workgroup prints a workgroup and no DDL: leave out marts, --dialect, "
                    "--location and --replace."
                )
            if not results:
                raise WorkgroupError(
                    "--workgroup needs a folder for results of queries: --results s3://bucket/..."
                )
            text = workgroup(name, results, scan_limit, kms_key)
        else:
            if results or kms_key:
                raise DdlError("--results and --kms-key are of a workgroup: give --workgroup too.")
            text = _ddl_of_marts(marts or [], dialect, location, database, replace)
    except (DdlError, WorkgroupError) as error:
        fail(error)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror or error}.")


def _ddl_of_marts(
    names: list[str], dialect: str | None, location: str | None, database: str, replace: bool
) -> str:
    """The DDL of these marts as the server has them now; of all, if none is named."""
    # Not at the top: a workgroup, and what a query costs, need no server.
    from throng.export import ExportError, require_mart
    from throng.marts.reading import mart_names, read_mart
    from throng.server.control import ServerError, connect, the_server
    from throng.server.settings import SettingsError

    if dialect not in DIALECTS:
        given = f", not '{dialect}'" if dialect else ""
        raise DdlError(f"--dialect must be {' or '.join(DIALECTS)}{given}.")
    if not location:
        raise DdlError("Say where the files are: --location s3://bucket/prefix.")
    check_location(location, dialect)
    check_database(database)
    try:
        with contextlib.closing(connect(the_server())) as connection:
            cursor = connection.cursor()
            chosen = [require_mart(cursor, name) for name in names] or mart_names(cursor)
            marts = []
            for number, mart in enumerate(chosen, 1):
                # A view on several marts takes seconds to say what levels and periods it has.
                typer.echo(f"  {number} of {len(chosen)}: {mart}", err=True)
                marts.append(read_mart(cursor, mart))
    except (ExportError, ServerError, SettingsError) as error:
        fail(error)
    if not marts:
        raise DdlError("No mart is built yet.")
    return ddl(marts, dialect, location, database, replace=replace)


def print_scan_cost(
    query: Annotated[str, typer.Argument(help="A select on exported marts, as Athena takes it.")],
    data: Annotated[
        Path, typer.Option(help="Folder that throng export --all --partitioned wrote.")
    ],
    price: Annotated[float, typer.Option(help="Of a TB read, in any currency.", min=0)] = 5.0,
) -> None:
    """Print how many bytes of exported marts Athena would read for a query, and its price."""
    from throng.marts.scan_cost import ScanCostError, report, scan_cost

    try:
        for line in report(scan_cost(query, data), price):
            typer.echo(line)
    except ScanCostError as error:
        fail(error)
