"""`throng report`: what is published, as one page that opens without a server."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from pyhive import exc

from throng.errors import fail
from throng.files import replacing
from throng.report.page import Words, languages, page_of
from throng.report.study import PERIODS, Chosen, StudyError, read_study
from throng.server.control import ServerError, connect, is_missing_table, the_server
from throng.server.settings import SettingsError


def report(
    out: Annotated[Path, typer.Option(help="File to write, or to replace.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="Title of the page.")] = None,
    language: Annotated[
        str, typer.Option(help="Language in which the page opens; readers can change it.")
    ] = "en",
    event: Annotated[
        list[str] | None,
        typer.Option(help='What happened, such as "2020-03-02 lockdown"; may be repeated.'),
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help="Area levels to show, as in admin1,admin2; default: all.")
    ] = None,
    periods: Annotated[
        str, typer.Option(help="Periods to show, of day, week and month.")
    ] = ",".join(PERIODS),
) -> None:
    """Write a page with map, time lines, flows and tables of what is published."""
    try:
        words = Words(title, _language(language), [_event(text) for text in event or []])
        chosen = Chosen(_list(levels or ""), _periods(periods))
        if out.is_dir():
            raise StudyError(f"{out} is a folder; name a file with --out.")
        with contextlib.closing(connect(the_server())) as connection:
            cursor = connection.cursor()

            def query(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return cursor.fetchall()

            study = read_study(query, chosen, lambda step: typer.echo(f"  {step}", err=True))
        with replacing(out) as unfinished:
            unfinished.write_text(page_of(study, words), encoding="utf-8")
    except (StudyError, ServerError, SettingsError) as error:
        fail(error)
    except exc.OperationalError as error:
        if not is_missing_table(error):
            raise
        fail("There are no marts yet. Run: throng release build")
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror or error}.")
    for what in study.left_out:
        typer.echo(f"Left out to keep the page small: {what} (--levels, --periods).", err=True)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB. Open it in a browser.")


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _periods(text: str) -> list[str]:
    periods = _list(text)
    unknown = sorted(set(periods) - set(PERIODS))
    if unknown or not periods:
        raise StudyError(f"--periods are of {', '.join(PERIODS)}, not '{text}'.")
    return periods


def _language(code: str) -> str:
    known = languages()
    if code not in known:
        raise StudyError(f"--language must be one of {', '.join(known)}, not '{code}'.")
    return code


def _event(text: str) -> tuple[date, str]:
    day, _, name = text.strip().partition(" ")
    try:
        return date.fromisoformat(day), name.strip()
    except ValueError:
        raise StudyError(
            f"--event begins with a date, as in '2020-03-02 lockdown', not '{text}'."
        ) from None
