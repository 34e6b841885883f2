"""The countries that are measured: synthetic, as Parquet, made once and kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from throng.synth.generator import generate
from throng.synth.listener_settings import ListenerSettings
from throng.synth.listeners import generate_listeners
from throng.synth.settings import Settings

START = date(2020, 2, 3)
#: Of the home period; the whole study if it is shorter.
HOME_DAYS = 21
EVENTS_PER_DAY = 10 / 3
#: Folders of a country.
FEEDS = ("areas", "cell_sites", "events")
#: Subscribers of the country beside which listening events land.
SMALL_COUNTRY = 1_000


@dataclass(frozen=True)
class Country:
    """One landing folder.

    Attributes:
        landing: the folder.
        events: rows of the event files.
        subscribers: people in them.
        days: length of the study.
        feeds: optional feeds that have landed beside the events.
    """

    landing: Path
    events: int
    subscribers: int
    days: int
    feeds: tuple[str, ...] = ()

    @property
    def end(self) -> date:
        """The last day of the study."""
        return START + timedelta(days=self.days - 1)

    @property
    def home_end(self) -> date:
        """The last day of the home period, which begins with the study."""
        return START + timedelta(days=min(self.days, HOME_DAYS) - 1)

    @property
    def dbt_vars(self) -> dict[str, object]:
        """The study window; the identifiers count as pseudonyms, for DuckDB makes none."""
        return {
            "study_start": START.isoformat(),
            "study_end": self.end.isoformat(),
            "home_start": START.isoformat(),
            "home_end": self.home_end.isoformat(),
            "pseudonymise": False,
            "feeds": list(self.feeds),
        }


def make_country(
    folder: Path, subscribers: int, days: int, levels: int, say: Callable[[str], None]
) -> Country:
    """A country with 200 areas at its finest level and about 3.3 events a subscriber and day.

    Args:
        folder: where its landing and truth folders go; found there, they are used again.
        levels: 3, or 1 for the finest areas alone.
        say: receives lines for the user.
    """
    settings = Settings(
        subscribers=subscribers,
        start=START,
        days=days,
        format="parquet",
        events_per_day=EVENTS_PER_DAY,
        lockdown=None,
        dirt=False,
        areas=(5, 20, 200),
    )
    name = f"{subscribers}_subscribers_{days}_days"
    landing = folder / name / "landing"
    report = generate(settings, landing, folder / name / "truth", say)
    if levels == 1:
        landing = _finest_level_alone(landing, folder / name / "one_level")
    return Country(landing, report.rows, subscribers, days)


def make_listeners(folder: Path, events: int, days: int, say: Callable[[str], None]) -> Country:
    """A small country beside which so many listening events have landed, 200 a customer.

    Its events and subscribers are the listening events and their customers.
    """
    country = make_country(folder, SMALL_COUNTRY, days, 3, say)
    landing = _linked(country.landing, folder / f"{events}_listening_events_{days}_days")
    settings = ListenerSettings(
        events=events, customers=max(1, events // 200), start=START, days=days, dirt=False
    )
    report = generate_listeners(settings, landing)
    return replace(
        country,
        landing=landing,
        events=report.events,
        subscribers=report.customers,
        feeds=("listening",),
    )


def without_last_day(country: Country, to: Path) -> tuple[Country, Callable[[], None]]:
    """The same country before its last day has landed, and what lands it."""
    _linked(country.landing, to)
    last = max((to / "events").iterdir())
    last.unlink()  # the link, not what it leads to

    def land() -> None:
        os.link(country.landing / "events" / last.name, last)

    return replace(country, landing=to), land


def _finest_level_alone(landing: Path, to: Path) -> Path:
    """The same country with the areas of the finest level only."""
    _linked(landing, to)
    [file] = (to / "areas").iterdir()
    areas = pq.read_table(file)
    finest = pc.equal(areas["area_level"], pc.max(areas["area_level"]))
    place = areas.schema.get_field_index("parent_area_id")
    alone = areas.set_column(
        place, areas.field(place), pa.nulls(len(areas), areas.field(place).type)
    )
    file.unlink()  # the link, not what it leads to
    pq.write_table(alone.filter(finest), file)
    return to


def _linked(landing: Path, to: Path) -> Path:
    """The country in another folder, as hard links; whatever else is there stays."""
    for feed in FEEDS:
        shutil.rmtree(to / feed, ignore_errors=True)
        shutil.copytree(landing / feed, to / feed, copy_function=os.link)
    return to
