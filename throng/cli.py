"""The command line: `throng --help`."""

from __future__ import annotations

import typer

from throng.beeline import beeline
from throng.disclosure.command import audit
from throng.export import export
from throng.keys import commands as key_commands
from throng.picture.command import picture
from throng.release import commands as release_commands
from throng.server import commands as server_commands
from throng.summary import summary
from throng.synth import command as synth_command

app = typer.Typer(
    help="Phone records into aggregates about groups of people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(server_commands.app, name="server")
app.add_typer(key_commands.app, name="keys")
app.add_typer(release_commands.app, name="release")
app.add_typer(synth_command.app, name="synth")
app.command()(summary)
app.command()(export)
app.command()(picture)
app.command()(audit)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(beeline)


def main() -> None:
    """Entry point of the console script."""
    app()
