"""How commands end when something is wrong: one sentence."""

from __future__ import annotations

from typing import NoReturn

import typer


def fail(error: object) -> NoReturn:
    """Print what is wrong and end the command."""
    typer.echo(f"Error: {error}", err=True)
    raise typer.Exit(1) from None
