"""`throng keys list|rotate|destroy`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.keys import keyring as rings
from throng.keys.keyring import Key, KeyFileError, Keyring, key_file, read_keyring

app = typer.Typer(
    help="The secret keys of the pseudonyms, one in force at a time. The file is THRONG_KEY_FILE, "
    "else ~/.config/throng/pseudonym.key; nothing here prints what is secret in it.",
    no_args_is_help=True,
)


@app.command("list")
def list_keys() -> None:
    """Show the keys: their ids, dates of events, and state."""
    keyring = _read(key_file())
    typer.echo(f"{'key':<6}{'from':<12}{'to':<12}status")
    for key in keyring.keys:
        typer.echo(f"{key.key_id:<6}{_first(key):<12}{_last(keyring, key):<12}{_status(key)}")
    typer.echo(f"\nThe keyring: {keyring.path}")


@app.command()
def rotate(
    valid_from: Annotated[
        str, typer.Option("--from", help="First date of events under the new key, YYYY-MM-DD.")
    ],
) -> None:
    """Add a new key for events of a date and later.

    From that date on every person has a new pseudonym, and nobody can be followed across it. A
    study has to lie on one side of it.
    """
    try:
        first = date.fromisoformat(valid_from)
    except ValueError:
        fail(f"--from is '{valid_from}': give a date such as 2020-04-01.")
    path = key_file()
    try:
        keyring = rings.rotate(path, first)
    except (KeyFileError, OSError) as error:
        fail(_said(error, path))
    new, old = keyring.keys[-1], keyring.keys[-2]
    typer.echo(f"{new.key_id} is the key of events from {new.valid_from} on, {old.key_id} before.")
    typer.echo(f"Studies have to lie on one side of {new.valid_from} (study_start, study_end).")
    if first <= date.today():
        typer.echo(
            f"Tables that hold events of {new.valid_from} or later already have ids of "
            f"{old.key_id} for them: build them again."
        )
    typer.echo(
        "A server that runs takes the new keyring by itself. On a cluster, copy the file to every "
        "worker. Renew your backup of it: a lost key is a destroyed key."
    )


@app.command()
def destroy(
    key_id: Annotated[str, typer.Argument(help="Which key, as `throng keys list` names it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Overwrite a key, for good.

    Ids made under it can then never be linked again to a person or to new events: nobody can make
    them anew. The last key cannot be destroyed; make its successor first.
    """
    path = key_file()
    keyring = _read(path)
    try:
        key = rings.check_destroyable(keyring, key_id)
    except KeyFileError as error:
        fail(str(error))
    dates = f"{_first(key)} to {_last(keyring, key)}".replace("always", "the first")
    typer.echo(
        f"This destroys {key_id}, the key of events from {dates}. Nothing brings it back.\n"
        "  Ids made under it can never be linked again to a person or to new events.\n"
        "  Events of its dates can never be built again, whatever files are still there."
    )
    if not yes and typer.prompt(f"Type {key_id} to destroy it", default="") != key_id:
        fail("Nothing was changed.")
    try:
        rings.destroy(path, key_id)
    except (KeyFileError, OSError) as error:
        fail(_said(error, path))
    typer.echo(
        f"{key_id} is destroyed. What is not gone with it:\n"
        "  Tables already built hold those ids, with the places and times that go with them, which "
        "single people out too:\n"
        "    dbt run-operation purge_expired\n"
        "  The event files: they are the operator's, and hold the identifiers themselves.\n"
        "  Copies of the keyring: backups, snapshots, other workers of a cluster. A disk that "
        "writes elsewhere instead of over the old (SSD) may keep the old bytes for a while.\n"
        "  The memory of a server that runs, until its next build: throng server stop."
    )


def _status(key: Key) -> str:
    if key.secret is None:
        return "destroyed: its dates are refused"
    return "usable" if key.valid_from <= date.today() else "usable, for events to come"


def _first(key: Key) -> str:
    return "always" if key.valid_from == rings.ALWAYS else key.valid_from.isoformat()


def _last(keyring: Keyring, key: Key) -> str:
    last = keyring.last_date(key)
    return "open" if last is None else last.isoformat()


def _read(path: Path) -> Keyring:
    try:
        return read_keyring(path)
    except KeyFileError as error:
        fail(str(error))


def _said(error: Exception, path: Path) -> str:
    if isinstance(error, OSError):
        return f"The keyring {path} cannot be written ({error.strerror})."
    return str(error)
