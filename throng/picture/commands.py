"""`throng picture`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml

from throng.errors import fail
from throng.release.warehouse import ReleaseError, project_file
from throng.synth.settings import SynthError


def picture(
    landing: Annotated[
        Path, typer.Option(envvar="THRONG_LANDING", help="Landing folder of throng synth.")
    ] = Path("data/landing"),
    truth: Annotated[Path, typer.Option(help="Truth folder of the same run.")] = Path("data/truth"),
    subscriber: Annotated[
        str | None,
        typer.Option(
            help="Whose day. Default: somebody's who went from home to work and out and back.",
            show_default=False,
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--date", help="Which day, YYYY-MM-DD. Default: the best.", show_default=False
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The picture, an SVG file; replaced.")] = Path(
        "docs/one_day.svg"
    ),
) -> None:
    """Draw one day of one synthetic subscriber: events, stops and journeys beside the truth.

    Reads files of `throng synth` and nothing else, for a picture of a real person must never be
    made. Needs no server. Stops and journeys follow the vars of dbt_project.yml.
    """
    # Not at the top: what they import takes a second, which `--help` can do without.
    from throng.picture.day import read_day
    from throng.picture.draw import draw

    try:
        variables = yaml.safe_load(project_file().read_text(encoding="utf-8"))["vars"]
        found = read_day(landing, truth, variables, subscriber, _date(day))
        out.write_text(draw(found), encoding="utf-8", newline="\n")
    except (SynthError, ReleaseError) as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {error.filename or out}: {error.strerror}.")
    typer.echo(
        f"{out}: {found.date}, {len(found.events)} events, {len(found.stays)} stays, "
        f"{len(found.journeys)} journeys."
    )


def _date(text: str | None) -> date | None:
    """The day of the option."""
    try:
        return None if text is None else datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise SynthError(f"--date must be a date like 2020-02-03, not '{text}'.") from None
