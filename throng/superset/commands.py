"""`throng superset start|stop|bundle`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from throng.errors import fail
from throng.release.warehouse import ReleaseError, run_dbt
from throng.serve.control import client_host, find_running, own_certificate
from throng.serve.copies import CopyError, copy_in_force
from throng.serve.roles import RolesError, read_roles
from throng.serve.settings import ServeSettings, SettingsError
from throng.superset import instance as superset
from throng.superset.bundle import (
    READER,
    BundleError,
    bundle,
    joined_sql,
    models_for_readers,
    write_zip,
)
from throng.superset.instance import FILES, USER, Instance, SupersetError

app = typer.Typer(help="Dashboards over the marts in Apache Superset.", no_args_is_help=True)

Home = Annotated[Path, typer.Option(help="Folder of its environment, database, key and password.")]
PROBLEMS = (SupersetError, BundleError, CopyError, RolesError, SettingsError, ReleaseError)


@app.command()
def start(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8088,
    home: Home = Path(".superset"),
    role: Annotated[
        str, typer.Option(help="What it may see: a role of the reader server.")
    ] = "public",
) -> None:
    """Install Superset if need be, import the dashboards, start it in the background.

    It reads from the reader server (throng serve start), as a user of its own.
    """
    try:
        superset.require_project()
        readers = _readers()
        certificate = own_certificate(readers) or ("system" if readers.is_encrypted else "none")
        instance = Instance(home.absolute(), port, str(certificate))
        marts = _marts(readers, role)
        running = superset.find_running(instance)
        if running:
            instance = replace(instance, port=running[1])
        else:
            superset.require_port(instance)
        superset.make_home(instance)
        files = _files(_address(readers), marts, instance.home / "dbt")
        superset.install(instance, typer.echo)
        superset.make_database(instance, typer.echo)
        is_new = superset.ensure_password(instance)
        if superset.ensure_reader(instance, readers.roles, role):
            typer.echo(f"Superset is the user {READER} of {readers.roles}, with the role {role}.")
        write_zip(files, instance.bundle)
        n_charts = sum(name.startswith("charts/") for name in files)
        superset.import_bundle(instance, n_charts, typer.echo)
        if not running:
            superset.start(instance, typer.echo)
    except PROBLEMS as error:
        fail(error)
    typer.echo(f"Superset runs on {instance.address}/dashboard/list/")
    password = instance.password.read_text()
    shown = f"password {password} (kept in" if is_new else "its password is in"
    typer.echo(f"Log in as {USER}; {shown} {_short(instance.password)}{')' if is_new else ''}.")


@app.command()
def stop(home: Home = Path(".superset")) -> None:
    """Stop it. Users, charts and settings stay in its folder."""
    stopped = superset.stop(Instance(home.absolute(), 0))
    typer.echo("Stopped." if stopped else f"No Superset runs for {home}.")


@app.command("bundle")
def write_bundle(
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("throng_superset.zip"),
    manifest: Annotated[
        Path, typer.Option(help="dbt's manifest: dbt parse makes it, without a server.")
    ] = Path("target/manifest.json"),
) -> None:
    """Write datasets and dashboards to a file, for a Superset of your own."""
    try:
        superset.require_project()
        address = _address(ServeSettings.resolve())
        files = bundle(_read(manifest), address, joined_sql(FILES / "datasets"))
        write_zip(files, out)
    except PROBLEMS as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror or error}.")
    typer.echo(f"{out}: {len(files)} files, for the reader server {address}.")


def _address(settings: ServeSettings) -> str:
    return f"{client_host(settings.host)}:{settings.port}"


def _readers() -> ServeSettings:
    """What the reader server was started with.

    Raises:
        SupersetError: none runs.
    """
    settings = ServeSettings.resolve()
    if running := find_running(settings):
        return running.settings
    raise SupersetError(
        f"No reader server runs for {settings.folder}, and Superset reads from it. Start it: "
        "throng serve start"
    )


def _marts(readers: ServeSettings, role: str) -> set[str]:
    """What the role sees now.

    Raises:
        SupersetError: there is nothing to see, or no such role.
        CopyError: the copy in force cannot be read.
    """
    roles = read_roles(readers.roles).roles
    if role not in roles:
        known = ", ".join(sorted(roles))
        raise SupersetError(f"There is no role {role} in {readers.roles}; the roles are: {known}.")
    copy = copy_in_force(readers.copies)
    if marts := {name for name, mart in copy.marts.items() if mart.is_for(roles[role], name)}:
        return marts
    raise SupersetError("There are no marts yet. Run: throng release build")


def _files(address: str, marts: set[str], target: Path) -> dict[str, str]:
    """The bundle for the marts of this server.

    Raises:
        SupersetError: it was built by another version, or the role does not see all marts.
    """
    shown_by = {"listening": "listener_summary", "indicators": "need_ranking"}
    feeds = [feed for feed, mart in shown_by.items() if mart in marts]
    folders = ["--target-path", str(target), "--log-path", str(target)]
    run_dbt("parse", *folders, "--vars", json.dumps({"feeds": feeds}), quiet=True)
    manifest = _read(target / "manifest.json")
    missing = set(models_for_readers(manifest)) - marts
    if missing:
        raise SupersetError(
            f"The server on {address} has no marts.{min(missing)} for this role: the role does not "
            "see it, or it was built by an earlier version (throng release build)."
        )
    return bundle(manifest, address, joined_sql(FILES / "datasets"))


def _read(manifest: Path) -> dict[str, Any]:
    try:
        return json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BundleError(f"{manifest} is no manifest of dbt. Run: dbt parse") from None


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
