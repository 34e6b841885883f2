"""The command line: `throng --help`.

A command's module is imported when the command is called, so that none waits for what only others
need (numba, SciPy, DuckDB take seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from typer.core import TyperCommand


@dataclass(frozen=True)
class Described:
    """A command or group of commands before it is imported.

    Attributes:
        module: where it is.
        attribute: the function of a command, the Typer of a group.
        help: what `throng --help` says of it: the first sentence of its own help.
        settings: further settings of its context.
    """

    module: str
    attribute: str
    help: str
    settings: dict[str, Any] | None = None


COMMANDS = {
    "summary": Described(
        "throng.summary",
        "summary",
        "Print what the last build read, refused, counted and withheld, and how to query it.",
    ),
    "export": Described(
        "throng.export",
        "export",
        "Write a mart, or every mart, as readers see it.",
    ),
    "ddl": Described(
        "throng.marts.commands",
        "print_ddl",
        "Print the DDL of exported marts for Athena or Hive, or an Athena workgroup.",
    ),
    "scan-cost": Described(
        "throng.marts.commands",
        "print_scan_cost",
        "Print how many bytes of exported marts Athena would read for a query, and its price.",
    ),
    "report": Described(
        "throng.report.commands",
        "report",
        "Write a page with map, time lines, flows and tables of what is published.",
    ),
    "picture": Described(
        "throng.picture.commands",
        "picture",
        "Draw one day of one synthetic subscriber: events, stops and journeys beside the truth.",
    ),
    "audit": Described(
        "throng.disclosure.commands",
        "audit",
        "Attack published tables as an outsider would: which hidden numbers can be worked out?",
    ),
    "bench": Described(
        "throng.bench.commands",
        "bench",
        "Measure how long the work takes, in places beside DuckDB on the same files, in turn.",
    ),
    "areas": Described(
        "throng.geography.commands",
        "areas",
        "The list of areas: import boundaries from GIS files.",
    ),
    "sites": Described(
        "throng.geography.commands",
        "sites",
        "The list of cells: import cells and sites from tables and GIS files.",
    ),
    "beeline": Described(
        "throng.beeline",
        "beeline",
        "Open Beeline on the server (further options are Beeline's own).",
        {"allow_extra_args": True, "ignore_unknown_options": True},
    ),
    "server": Described(
        "throng.server.commands",
        "app",
        "The local Spark SQL server (Hive Thrift protocol).",
    ),
    "serve": Described(
        "throng.serve.commands",
        "app",
        "The reader plane: a server with what is published, and nothing else.",
    ),
    "cluster": Described(
        "throng.cluster.commands",
        "app",
        "A Spark standalone cluster on this machine, to try what a cluster does.",
    ),
    "keys": Described(
        "throng.keys.commands",
        "app",
        "The secret keys of the pseudonyms, one in force at a time.",
    ),
    "release": Described(
        "throng.release.commands",
        "app",
        "Build the tables, attack them, publish what holds: in that order.",
    ),
    "superset": Described(
        "throng.superset.commands",
        "app",
        "Dashboards over the marts in Apache Superset.",
    ),
    "synth": Described(
        "throng.synth.commands",
        "app",
        "Make a fictional country: event files for the landing folder, and the truth behind them.",
    ),
}


class LazyGroup(TyperGroup):
    """A group that knows its commands by their descriptions until one of them is called."""

    def resolve_command(
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """The command that the arguments name, imported."""
        name, described, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and described else None, rest


def load(name: str) -> TyperCommand | TyperGroup:
    """Import one of COMMANDS.

    Raises:
        KeyError: there is none of this name.
    """
    described = COMMANDS[name]
    found = getattr(import_module(described.module), described.attribute)
    holder = typer.Typer(rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name, context_settings=described.settings)(found)
    holder.callback()(_nothing)  # else one command alone would not be in a group
    return get_command(holder).commands[name]


def _nothing() -> None:
    """What the line of a command in `throng --help` stands for."""


app = typer.Typer(
    cls=LazyGroup,
    help="Phone records into aggregates about groups of people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _name, _described in COMMANDS.items():
    app.command(_name, help=_described.help)(_nothing)


def main() -> None:
    """Entry point of the console script."""
    app()
