"""`throng serve start|stop|status|logs` and `throng serve user add|remove|list`."""

from __future__ import annotations

import getpass
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.serve import control
from throng.serve.copies import CopyError, copy_in_force
from throng.serve.folders import ServeError
from throng.serve.postgres.commands import app as postgres
from throng.serve.roles import RolesError, add_user, read_roles, remove_user
from throng.serve.settings import Limits, ServeSettings, SettingsError, roles_file

app = typer.Typer(
    help="The reader plane: a server with what is published, and nothing else.",
    no_args_is_help=True,
)
users = typer.Typer(help="Users of the reader server, in roles.yml.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(postgres, name="postgres")

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of copies, log and audit. [THRONG_SERVE_FOLDER]"),
]


@app.command()
def start(
    host: Annotated[
        str | None, typer.Option(help="Address, 127.0.0.1. [THRONG_SERVE_HOST]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port, 10001. [THRONG_SERVE_PORT]")] = None,
    memory: Annotated[str | None, typer.Option(help="Java heap, 2g. [THRONG_SERVE_MEMORY]")] = None,
    folder: Folder = None,
    keystore: Annotated[
        Path | None,
        typer.Option(help="PKCS12 file of your own key and certificate; else one is made."),
    ] = None,
    keystore_password_file: Annotated[
        Path | None, typer.Option(help="File with the password of the keystore.")
    ] = None,
    ldap_url: Annotated[
        str | None,
        typer.Option(help="ldaps://HOST of the LDAP server for users added with --ldap."),
    ] = None,
    ldap_user_dn: Annotated[
        str | None,
        typer.Option(help="Their name there, such as uid=%s,ou=people,dc=example,dc=org."),
    ] = None,
    no_tls: Annotated[
        bool, typer.Option("--no-tls", help="Without encryption; on 127.0.0.1 only.")
    ] = False,
    no_follow: Annotated[
        bool,
        typer.Option(
            "--no-follow",
            help="Serve the copy that is in the folder, and whatever takes its place there, "
            "without a build server.",
        ),
    ] = False,
    without_sandbox: Annotated[
        bool,
        typer.Option("--without-sandbox", help="Do without bubblewrap: the guard alone protects."),
    ] = False,
    seconds: Annotated[int, typer.Option(help="Longest time of a statement.")] = Limits.seconds,
    rows: Annotated[int, typer.Option(help="Most rows of a result.")] = Limits.rows,
    statements_of_user: Annotated[
        int, typer.Option(help="Most statements of one user at a time.")
    ] = Limits.statements_of_user,
    statements: Annotated[
        int, typer.Option(help="Most statements of all at a time.")
    ] = Limits.statements,
) -> None:
    """Start the reader server in the background and wait until it listens."""
    settings = _settings(
        host=host,
        port=port,
        memory=memory,
        folder=folder,
        is_encrypted=not no_tls,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        ldap_url=ldap_url,
        ldap_user_dn=ldap_user_dn,
        is_following=not no_follow,
        is_sandboxed=not without_sandbox,
        limits=Limits(seconds, rows, statements_of_user, statements),
    )
    began = time.monotonic()
    try:
        running = control.start(settings, typer.echo)
    except ServeError as error:
        fail(error)
    typer.echo(f"Ready after {time.monotonic() - began:.0f} s (pid {running.pid}).")
    for line in control.how_to_connect(running.settings):
        typer.echo(line)


@app.command()
def stop(folder: Folder = None) -> None:
    """Stop the reader server of the folder and what follows the build server for it."""
    settings = _settings(folder=folder)
    stopped = control.stop(settings)
    typer.echo("Stopped." if stopped else f"No reader server runs for {settings.folder}.")


@app.command()
def status(folder: Folder = None) -> None:
    """Show address, what is in force, processes, and how to connect."""
    settings = _settings(folder=folder)
    running = control.find_running(settings)
    if running is None:
        typer.echo(f"No reader server runs for {settings.folder}.")
        raise typer.Exit(3)
    settings = running.settings
    try:
        copy = copy_in_force(settings.copies)
        held = f"copy {copy.number}, {len(copy.marts)} marts"
    except CopyError as error:
        held = f"NOTHING ({error})"
    try:
        known = read_roles(settings.roles)
        who = f"{len(known.users)} users, {len(known.roles)} roles in {settings.roles}"
    except RolesError as error:
        who = f"NOBODY ({error})"
    follower = control.find_follower(settings)
    follows = f"the build server (pid {follower})" if follower else "NOTHING: it has ended"
    for name, value in {
        "address": f"{running.address}   {'TLS' if settings.is_encrypted else 'NO TLS'}, password",
        "in force": held,
        "readers": who,
        "follows": follows if settings.is_following else "nothing (--no-follow)",
        "sandbox": "bubblewrap" if settings.is_sandboxed else "NONE (--without-sandbox)",
        "pid": f"{running.pid} (Java {running.java_pid})",
        "uptime": timedelta(seconds=int(time.time() - running.started_at)),
        "audit": settings.audit_folder / "audit.jsonl",
        "log": settings.log_file,
    }.items():
        typer.echo(f"{name:<9} {value}")
    for line in control.how_to_connect(settings):
        typer.echo(line)
    if settings.is_following and not follower:
        raise typer.Exit(1)


@app.command()
def logs(
    folder: Folder = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 40,
) -> None:
    """Print the end of the log of the reader server, and of what follows the build server."""
    from throng.server.control import tail

    settings = _settings(folder=folder)
    if not settings.log_file.exists():
        typer.echo(f"There is no log yet: {settings.log_file}")
        raise typer.Exit(1)
    follow = settings.run_folder / "follow.log"
    for line in tail(settings.log_file, lines) + (tail(follow, 5) if follow.exists() else []):
        typer.echo(line)


@users.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    role: Annotated[str, typer.Option(help="Role of roles.yml, such as public.")],
    ldap: Annotated[
        bool, typer.Option("--ldap", help="The password is that of the LDAP server.")
    ] = False,
) -> None:
    """Write a user, or another password of one. The password is asked for, or one line of stdin."""
    try:
        is_new = add_user(roles_file(), name, role, None if ldap else _password())
    except RolesError as error:
        fail(error)
    typer.echo(f"{'Added' if is_new else 'Changed'} {name} in {roles_file()}.")


@users.command()
def remove(name: Annotated[str, typer.Argument(help="Name of the user.")]) -> None:
    """Take a user out; statements of open connections are refused from then on."""
    try:
        remove_user(roles_file(), name)
    except RolesError as error:
        fail(error)
    typer.echo(f"Removed {name} from {roles_file()}.")


@users.command("list")
def list_users() -> None:
    """Print users with their roles."""
    try:
        known = read_roles(roles_file())
    except RolesError as error:
        fail(error)
    for name, user in sorted(known.users.items()):
        typer.echo(f"{name:<20} {user.role}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        fail("The two passwords differ.")
    return first


def _settings(**options: object) -> ServeSettings:
    try:
        return ServeSettings.resolve(**options)
    except SettingsError as error:
        fail(error)
