"""`throng serve postgres start|stop|status|files`."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.serve.folders import ServeError
from throng.serve.postgres import control
from throng.serve.postgres.binaries import PostgresError
from throng.serve.postgres.settings import Limits, PostgresSettings
from throng.server.settings import SettingsError

app = typer.Typer(
    help="The same for BI tools that speak no Hive: what is published in PostgreSQL.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of the copies, that of throng serve. [THRONG_SERVE_FOLDER]"),
]


@app.command()
def start(
    host: Annotated[
        str | None, typer.Option(help="Address, 127.0.0.1. [THRONG_SERVE_POSTGRES_HOST]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 10002. [THRONG_SERVE_POSTGRES_PORT]")
    ] = None,
    folder: Folder = None,
    cluster: Annotated[
        Path | None,
        typer.Option(
            help="Folder of PostgreSQL's own: tables, audit, certificate. "
            "[THRONG_SERVE_POSTGRES_CLUSTER]"
        ),
    ] = None,
    run_as: Annotated[
        str | None,
        typer.Option(
            help="Started by root: the user of the system that PostgreSQL runs as, postgres. "
            "[THRONG_SERVE_POSTGRES_USER]"
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file of your own certificate; else one is made.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of its key.")] = None,
    no_follow: Annotated[
        bool,
        typer.Option(
            "--no-follow",
            help="Serve the copy that is in the folder, and whatever takes its place there, "
            "without a build server.",
        ),
    ] = False,
    seconds: Annotated[
        int, typer.Option(help="Longest time of a statement or transaction.")
    ] = Limits.seconds,
    idle_seconds: Annotated[
        int, typer.Option(help="Longest time that a transaction waits for its next statement.")
    ] = Limits.idle_seconds,
    connections_of_user: Annotated[
        int, typer.Option(help="Most connections of one user at a time.")
    ] = Limits.connections_of_user,
    connections: Annotated[
        int, typer.Option(help="Most connections of all at a time.")
    ] = Limits.connections,
    memory_mb: Annotated[int, typer.Option(help="Most memory of a session.")] = Limits.memory_mb,
    spill_mb: Annotated[
        int, typer.Option(help="Most of files that a session sorts and joins in.")
    ] = Limits.spill_mb,
) -> None:
    """Start PostgreSQL in the background, load what is published, and wait until it listens."""
    limits = Limits(seconds, idle_seconds, connections_of_user, connections, memory_mb, spill_mb)
    settings = _settings(
        host=host,
        port=port,
        folder=folder,
        cluster=cluster,
        account=run_as,
        certificate=certificate,
        key=key,
        is_following=not no_follow,
        limits=limits,
    )
    began = time.monotonic()
    try:
        running = control.start(settings, typer.echo)
    except (ServeError, SettingsError) as error:
        fail(error)
    typer.echo(f"Ready after {time.monotonic() - began:.0f} s (pid {running.pid}).")
    for line in control.how_to_connect(running.settings):
        typer.echo(line)


@app.command()
def stop(folder: Folder = None) -> None:
    """Stop the PostgreSQL of the folder, and what follows the build server for it alone."""
    settings = _settings(folder=folder)
    stopped = control.stop(settings)
    typer.echo("Stopped." if stopped else f"No PostgreSQL runs for {settings.folder}.")


@app.command()
def status(folder: Folder = None) -> None:
    """Show address, what is in force, processes, and how to connect."""
    from throng.serve.control import find_follower
    from throng.serve.postgres.binaries import find_postgres

    settings = _settings(folder=folder)
    running = control.find_running(settings)
    if running is None:
        typer.echo(f"No PostgreSQL runs for {settings.folder}.")
        raise typer.Exit(3)
    settings = running.settings
    follower = find_follower(settings.serve)
    follows = f"the build server (pid {follower})" if follower else "NOTHING: it has ended"
    has_pgaudit = find_postgres().has_library("pgaudit")
    for name, value in {
        "address": f"{settings.host}:{settings.port}   TLS, password (SCRAM)",
        "log": settings.log_file,
        "in force": control.what_is_in_force(settings),
        "follows": follows if settings.is_following else "nothing (--no-follow)",
        "pid": f"{running.pid} (PostgreSQL {running.postgres_pid})",
        "uptime": timedelta(seconds=int(time.time() - running.started_at)),
        "audit": f"{settings.audit_folder}, {'pgaudit' if has_pgaudit else 'without pgaudit'}",
    }.items():
        typer.echo(f"{name:<9} {value}")
    for line in control.how_to_connect(settings):
        typer.echo(line)
    if settings.is_following and not follower:
        raise typer.Exit(1)


@app.command()
def files(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder to write into.")],
    folder: Folder = None,
) -> None:
    """Write tables, users, rules and rows as files for a PostgreSQL elsewhere."""
    from throng.serve.copies import CopyError
    from throng.serve.postgres.export import write_files
    from throng.serve.roles import RolesError

    settings = _settings(folder=folder)
    try:
        copy = write_files(settings, target.absolute(), typer.echo)
    except (PostgresError, CopyError, RolesError) as error:
        fail(error)
    typer.echo(f"Wrote copy {copy.number}, {len(copy.marts)} marts, to {target}. To load it:")
    typer.echo(f"  cd {target} && psql -d DATABASE -f load.sql")


def _settings(**options: object) -> PostgresSettings:
    try:
        return PostgresSettings.resolve(**options)
    except SettingsError as error:
        fail(error)
