"""`throng synth`, `throng synth listeners` and `throng synth indicators`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from throng.errors import fail
from throng.synth.indicator_settings import IndicatorReport, IndicatorSettings
from throng.synth.listener_settings import ListenerReport, ListenerSettings
from throng.synth.settings import FORMATS, Report, Settings, SynthError

HALF_WAY = "half-way"
DEFAULTS = Settings()
LISTENERS = ListenerSettings()
INDICATORS = IndicatorSettings()

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def synth(
    context: typer.Context,
    landing: Annotated[
        Path, typer.Option(envvar="THRONG_LANDING", help="Folder for events, cells and areas.")
    ] = Path("data/landing"),
    truth: Annotated[Path, typer.Option(help="Folder for what really happened.")] = Path(
        "data/truth"
    ),
    subscribers: Annotated[int, typer.Option(help="Number of subscribers.")] = DEFAULTS.subscribers,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = str(DEFAULTS.start),
    days: Annotated[int, typer.Option(help="Length in days.")] = DEFAULTS.days,
    seed: Annotated[int, typer.Option(help="Same seed and options: same bytes.")] = DEFAULTS.seed,
    file_format: Annotated[
        str, typer.Option("--format", help="csv (gzipped) or parquet.")
    ] = DEFAULTS.format,
    events_per_day: Annotated[
        float, typer.Option(help="Mean number of events per subscriber and day.")
    ] = DEFAULTS.events_per_day,
    lockdown: Annotated[
        str,
        typer.Option(help="First day on which travel falls, YYYY-MM-DD; half-way; or none."),
    ] = HALF_WAY,
    with_dirt: Annotated[
        bool,
        typer.Option("--dirt/--no-dirt", help="Spoil, double and delay some rows, or none."),
    ] = DEFAULTS.dirt,
    outages: Annotated[
        int, typer.Option(help="Sites that are down for hours or days, beside one that always is.")
    ] = DEFAULTS.outages,
    machines: Annotated[
        int, typer.Option(help="Subscribers that are devices, with events at regular intervals.")
    ] = DEFAULTS.machines,
    clones: Annotated[
        int, typer.Option(help="Subscribers whose number is used at two places at once.")
    ] = DEFAULTS.clones,
    market_share: Annotated[
        float | None,
        typer.Option(
            help="Share of the people who are subscribers, such as 0.3; the others have no events."
        ),
    ] = DEFAULTS.market_share,
    lost_customers: Annotated[
        float,
        typer.Option(help="Share of the subscribers who leave the operator in the second half."),
    ] = DEFAULTS.lost_customers,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of an earlier run.")
    ] = False,
) -> None:
    """Make a fictional country: event files for the landing folder, and the truth behind them."""
    if context.invoked_subcommand:
        return
    # Not at the top: the generator takes a second to import, which `--help` can do without.
    from throng.synth.generator import generate

    try:
        first = _date("--start", start)
        for folder in (landing, truth):
            _require_local(folder)
        settings = Settings(
            subscribers=subscribers,
            start=first,
            days=days,
            seed=seed,
            format=_format(file_format),
            events_per_day=events_per_day,
            lockdown=_lockdown(lockdown, first, days),
            dirt=with_dirt,
            outages=outages,
            machines=machines,
            clones=clones,
            market_share=market_share,
            lost_customers=lost_customers,
        )
        report = generate(settings, landing, truth, typer.echo, force=force)
    except SynthError as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {error.filename or landing}: {error.strerror}.")
    if report.reused:
        typer.echo(f"Already there, reused: {landing} ({report.rows:,} events).")
        return
    typer.echo(summary(report, landing, truth))


@app.command()
def listeners(
    landing: Annotated[
        Path, typer.Option(envvar="THRONG_LANDING", help="Folder for events and customers.")
    ] = Path("data/landing"),
    events: Annotated[int, typer.Option(help="Number of listening events.")] = LISTENERS.events,
    customers: Annotated[int, typer.Option(help="Number of customers.")] = LISTENERS.customers,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = str(LISTENERS.start),
    days: Annotated[int, typer.Option(help="Length in days.")] = LISTENERS.days,
    seed: Annotated[int, typer.Option(help="Same seed and options: same bytes.")] = LISTENERS.seed,
    with_dirt: Annotated[
        bool, typer.Option("--dirt/--no-dirt", help="Spoil and double some events, or none.")
    ] = LISTENERS.dirt,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of an earlier run.")
    ] = False,
) -> None:
    """Make listeners of a music service: listening_events/tracks.csv and customers/cust.csv."""
    from throng.synth.listeners import generate_listeners

    try:
        _require_local(landing)
        settings = ListenerSettings(
            events=events,
            customers=customers,
            start=_date("--start", start),
            days=days,
            seed=seed,
            dirt=with_dirt,
        )
        report = generate_listeners(settings, landing, force=force)
    except SynthError as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {error.filename or landing}: {error.strerror}.")
    if report.reused:
        typer.echo(f"Already there, reused: {landing} ({report.events:,} listening events).")
        return
    typer.echo(listener_summary(report, landing))


def listener_summary(report: ListenerReport, landing: Path) -> str:
    """What a run made, one aligned line per quantity."""
    lines = [
        ("listening events", f"{report.events:,}", "rows"),
        *((reason, f"{count:,}", "rows") for reason, count in report.dirty.items()),
        ("customers", f"{report.customers:,}", ""),
        ("landing files", "2", f"{report.bytes / 1e6:,.1f} MB"),
        ("time", f"{report.seconds:,.1f}", "s"),
    ]
    table = [f"{name:<20}{value:>14}  {unit}".rstrip() for name, value, unit in lines]
    return "\n".join([f"{'landing folder':<20}{landing}", *table])


@app.command()
def indicators(
    landing: Annotated[
        Path, typer.Option(envvar="THRONG_LANDING", help="Folder for indicators.")
    ] = Path("data/landing"),
    entities: Annotated[int, typer.Option(help="Number of countries.")] = INDICATORS.entities,
    seed: Annotated[int, typer.Option(help="Same seed and options: same bytes.")] = INDICATORS.seed,
    with_dirt: Annotated[
        bool, typer.Option("--dirt/--no-dirt", help="Leave out and spoil some figures, or none.")
    ] = INDICATORS.dirt,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file of an earlier run.")
    ] = False,
) -> None:
    """Make countries with figures that say where help is needed: indicators/indicators.csv."""
    from throng.synth.indicators import generate_indicators

    try:
        _require_local(landing)
        settings = IndicatorSettings(entities=entities, seed=seed, dirt=with_dirt)
        report = generate_indicators(settings, landing, force=force)
    except SynthError as error:
        fail(error)
    except OSError as error:
        fail(f"cannot write {error.filename or landing}: {error.strerror}.")
    if report.reused:
        typer.echo(f"Already there, reused: {landing} ({report.entities:,} countries).")
        return
    typer.echo(indicator_summary(report, landing))


def indicator_summary(report: IndicatorReport, landing: Path) -> str:
    """What a run made, one aligned line per quantity."""
    lines = [
        ("countries", f"{report.entities:,}", ""),
        *((name, f"{count:,}", "") for name, count in report.groups.items()),
        ("figures left out", f"{report.missing:,}", ""),
        ("landing files", "1", f"{report.bytes / 1e6:,.2f} MB"),
        ("time", f"{report.seconds:,.1f}", "s"),
    ]
    table = [f"{name:<20}{value:>14}  {unit}".rstrip() for name, value, unit in lines]
    return "\n".join([f"{'landing folder':<20}{landing}", *table])


def summary(report: Report, landing: Path, truth: Path) -> str:
    """What a run made, one aligned line per quantity."""
    folders = [f"{'landing folder':<20}{landing}", f"{'truth folder':<20}{truth}"]
    lines = [
        ("subscribers", f"{report.subscribers:,}", ""),
        ("days", f"{report.days:,}", ""),
        ("areas", f"{report.areas:,}", "in three levels"),
        ("sites", f"{report.sites:,}", f"with {report.cells:,} cells"),
        ("events", f"{report.rows:,}", "rows"),
        ("late", f"{report.late_rows:,}", "rows"),
        *((reason, f"{count:,}", "rows") for reason, count in report.dirty.items()),
        ("true stops", f"{report.stops:,}", ""),
        ("true journeys", f"{report.journeys:,}", ""),
        ("landing files", f"{report.files:,}", f"{report.bytes / 1e6:,.1f} MB"),
        ("time", f"{report.seconds:,.1f}", "s"),
        ("speed", f"{report.rows_per_second:,.0f}", "events/s"),
    ]
    table = [f"{name:<20}{value:>14}  {unit}".rstrip() for name, value, unit in lines]
    return "\n".join([*folders, *table])


def _require_local(folder: Path) -> None:
    """THRONG_LANDING may be the address of a cluster's store; a Path has lost one slash."""
    if ":/" in str(folder):
        raise SynthError(f"The folder must be on this machine, not {folder}.")


def _date(option: str, text: str) -> date:
    """A date of an option."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise SynthError(f"{option} must be a date like 2020-02-03, not '{text}'.") from None


def _format(text: str) -> str:
    """The file format of an option."""
    if text not in FORMATS:
        raise SynthError(f"--format must be {' or '.join(FORMATS)}, not '{text}'.")
    return text


def _lockdown(text: str, start: date, days: int) -> date | None:
    """The lockdown of an option: a date, half-way through the study, or none."""
    if text == "none":
        return None
    if text == HALF_WAY:
        return start + timedelta(days=days // 2)
    return _date("--lockdown", text)
