"""`throng server start|stop|status|env|logs`."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.server import control
from throng.server.password import (
    PASSWORD_VARIABLE,
    PasswordError,
    password,
    password_file,
)
from throng.server.settings import ServerSettings, SettingsError

app = typer.Typer(help="The local Spark SQL server (Hive Thrift protocol).", no_args_is_help=True)

Warehouse = Annotated[
    Path | None,
    typer.Option(help="Folder of tables, metastore and log. [env: THRONG_WAREHOUSE]"),
]


@app.command()
def start(
    host: Annotated[
        str | None,
        typer.Option(help="Loopback address, 127.0.0.1. [THRONG_HOST]"),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Thrift port, 10000. [THRONG_PORT]")] = None,
    memory: Annotated[str | None, typer.Option(help="Java heap, 2g. [THRONG_MEMORY]")] = None,
    warehouse: Warehouse = None,
    master: Annotated[
        str | None, typer.Option(help="Spark master, local[*]. [THRONG_MASTER]")
    ] = None,
    ui_port: Annotated[
        int | None, typer.Option(help="Port of Spark's web page; none by default. [THRONG_UI_PORT]")
    ] = None,
    spark_conf: Annotated[
        list[str] | None,
        typer.Option(
            "--conf", help="Further Spark setting key=value, repeatable. [THRONG_SPARK_CONF]"
        ),
    ] = None,
) -> None:
    """Start the server in the background and wait until it answers a query."""
    options = {
        "host": host,
        "port": port,
        "memory": memory,
        "warehouse": warehouse,
        "master": master,
        "ui_port": ui_port,
        "spark_conf": spark_conf,
    }
    settings = _settings(**options)
    given = {name for name, value in options.items() if value}
    began = time.monotonic()
    try:
        running = control.start(settings, typer.echo, given)
    except control.ServerError as error:
        fail(error)
    if time.monotonic() - began > 1:
        typer.echo(f"Ready after {time.monotonic() - began:.0f} s (pid {running.pid}).")


@app.command()
def stop(warehouse: Warehouse = None) -> None:
    """Stop the server of the warehouse folder and everything it started."""
    settings = _settings(warehouse=warehouse)
    stopped = control.stop(settings)
    typer.echo(
        f"Stopped. Its warehouse is {settings.warehouse}."
        if stopped
        else f"No server runs for {settings.warehouse}."
    )


@app.command()
def status(warehouse: Warehouse = None) -> None:
    """Show address, processes, uptime, memory, what is open, and the Python functions."""
    from throng.udfs import REGISTRY

    settings = _settings(warehouse=warehouse)
    running = control.find_running(settings)
    if running is None:
        typer.echo(f"No server runs for {settings.warehouse}.")
        raise typer.Exit(3)
    try:
        missing = control.missing_udfs(running.settings)
    except control.ServerError as error:
        fail(error)
    uptime = timedelta(seconds=int(time.time() - running.started_at))
    udfs = ", ".join(
        f"{udf.sql_name}{' (MISSING)' if udf.sql_name in missing else ''}" for udf in REGISTRY
    )
    asks = (
        f"password in {password_file()}"
        if running.settings.auth == "password"
        else "NO PASSWORD (THRONG_AUTH=none)"
    )
    for name, value in {
        "address": f"{running.address}   this machine only, {asks}",
        "metastore": f"127.0.0.1:{running.metastore_port}   this machine only, no password",
        "web page": f"127.0.0.1:{running.settings.ui_port}   this machine only, no password"
        if running.settings.ui_port
        else "none",
        "pid": f"{running.pid} (Java {running.java_pid})",
        "uptime": uptime,
        "memory": f"{running.memory_mb():,.0f} MB resident, heap at most {running.settings.memory}",
        "master": running.settings.master,
        "warehouse": running.settings.warehouse,
        "log": running.settings.log_file,
        "UDFs": udfs,
    }.items():
        typer.echo(f"{name:<10} {value}")
    if missing:
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print what dbt and other clients need, for a shell: eval "$(throng server env)".

    Sets DBT_ENV_SECRET_THRONG_PASSWORD, THRONG_HOST and THRONG_PORT.
    """
    if sys.stdout.isatty():
        fail(
            "The password is not for the screen. Let your shell take it: "
            'eval "$(.venv/bin/throng server env)"'
        )
    try:
        settings = control.the_server()
        given = password()
    except (control.ServerError, SettingsError, PasswordError) as error:
        fail(error)
    for name, value in {
        "THRONG_HOST": settings.host,
        "THRONG_PORT": settings.port,
        PASSWORD_VARIABLE: given,
    }.items():
        typer.echo(f"export {name}={shlex.quote(str(value))}")


@app.command()
def logs(
    warehouse: Warehouse = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 40,
) -> None:
    """Print the end of the server's log."""
    settings = _settings(warehouse=warehouse)
    if not settings.log_file.exists():
        typer.echo(f"There is no log yet: {settings.log_file}")
        raise typer.Exit(1)
    for line in control.tail(settings.log_file, lines):
        typer.echo(line)


def _settings(**options: object) -> ServerSettings:
    try:
        return ServerSettings.resolve(**options)
    except SettingsError as error:
        fail(error)
