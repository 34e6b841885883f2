"""`throng beeline`: Hive's own SQL shell, connected to the server."""

from __future__ import annotations

import subprocess
from typing import Annotated

import typer

from throng.errors import fail
from throng.server.control import ServerError, the_server
from throng.server.java import JavaNotFoundError, find_java
from throng.server.password import password_file
from throng.server.settings import SettingsError
from throng.server.spark_home import JAVA_OPTIONS, wheel_folder


def beeline(
    context: typer.Context,
    execute: Annotated[
        str | None, typer.Option("--execute", "-e", help="Run this statement and end.")
    ] = None,
) -> None:
    """Open Beeline on the server (further options are Beeline's own).

    Runs on the same Java as the server, so it also works where the `beeline` of the pyspark
    wheel finds none.
    """
    try:
        settings = the_server()
        java = find_java()
    except (ServerError, SettingsError, JavaNotFoundError) as error:
        fail(error)
    command = [
        str(java.binary),
        *JAVA_OPTIONS,
        "-cp",
        str(wheel_folder() / "jars" / "*"),
        "org.apache.hive.beeline.BeeLine",
        "-u",
        f"jdbc:hive2://{settings.host}:{settings.port}/default",
        "-n",
        "throng",
        *(["-w", str(password_file())] if password_file().exists() else []),
        "--silent=true",
        *context.args,
        *(["-e", execute] if execute else []),
    ]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
