"""`throng superset start|stop|bundle`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from throng.errors import fail
from throng.release.warehouse import ReleaseError, run_dbt
from throng.server.control import ServerError, connect, the_server
from throng.server.settings import ServerSettings, SettingsError
from throng.serving.reading import MARTS, tables_in
from throng.superset import instance as superset
from throng.superset.bundle import BundleError, bundle, joined_sql, models_for_readers, write_zip
from throng.superset.instance import FILES, USER, Instance, SupersetError

app = typer.Typer(help="Dashboards over the marts in Apache Superset.", no_args_is_help=True)

Home = Annotated[Path, typer.Option(help="Folder of its environment, database, key and password.")]
PROBLEMS = (SupersetError, BundleError, ServerError, SettingsError, ReleaseError)


@app.command()
def start(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8088,
    home: Home = Path(".superset"),
) -> None:
    """Install Superset if need be, import the dashboards, start it in the background."""
    instance = Instance(home.absolute(), port)
    try:
        superset.require_project()
        settings = the_server()
        marts = _marts(settings)
        running = superset.find_running(instance)
        if running:
            instance = Instance(instance.home, running[1])
        else:
            superset.require_port(instance)
        superset.make_home(instance)
        files = _files(settings, marts, instance.home / "dbt")
        superset.install(instance, typer.echo)
        superset.make_database(instance, typer.echo)
        is_new = superset.ensure_password(instance)
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
        settings = ServerSettings.resolve()
        files = bundle(_read(manifest), _address(settings), joined_sql(FILES / "datasets"))
        write_zip(files, out)
    except PROBLEMS as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror or error}.")
    typer.echo(f"{out}: {len(files)} files, for the server {_address(settings)}.")


def _address(settings: ServerSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _marts(settings: ServerSettings) -> set[str]:
    """What readers see now.

    Raises:
        ServerError: no server answers.
        SupersetError: there is nothing to see.
    """
    with contextlib.closing(connect(settings)) as connection:
        if marts := tables_in(connection.cursor(), MARTS):
            return marts
    raise SupersetError("There are no marts yet. Run: throng release build")


def _files(settings: ServerSettings, marts: set[str], target: Path) -> dict[str, str]:
    """The bundle for the marts of this server.

    Raises:
        SupersetError: it was built by another version.
    """
    feeds = ["listening"] if "listener_summary" in marts else []
    folders = ["--target-path", str(target), "--log-path", str(target)]
    run_dbt("parse", *folders, "--vars", json.dumps({"feeds": feeds}), quiet=True)
    manifest = _read(target / "manifest.json")
    missing = set(models_for_readers(manifest)) - marts
    if missing:
        raise SupersetError(
            f"The server on {_address(settings)} has no marts.{min(missing)}: it was built by an "
            "earlier version. Run: throng release build"
        )
    return bundle(manifest, _address(settings), joined_sql(FILES / "datasets"))


def _read(manifest: Path) -> dict[str, Any]:
    try:
        return json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BundleError(f"{manifest} is no manifest of dbt. Run: dbt parse") from None


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
