"""The numbers of a report: rows of the marts, laid out by level, period and area for the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from throng.report.queries import FINDINGS, QUERIES, QUERIES_OF_FEEDS

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]
Numbers = list[float | int | None]

PERIODS = ("day", "week", "month")
#: Of the phone-use profiles, what a reader understands without the handbook.
INDICATORS = (
    "number_of_contacts",
    "number_of_interactions",
    "active_days",
    "percent_nocturnal",
    "radius_of_gyration",
    "number_of_antennas",
)
#: The page stays below 10 MB with so many numbers of people and changes; what is beyond is left
#: out, the finest first.
MOST_NUMBERS = 900_000
#: A level of which more days than this are withheld is not the first that a reader sees.
MOST_WITHHELD = 0.35


class StudyError(Exception):
    """There is nothing to show; the message says what to do."""


@dataclass
class Study:
    """What the page shows.

    Attributes:
        data: as the script of the page has it.
        releases: rows of marts.releases.
        left_out: levels and periods that were too many for one page, as "day of admin3".
    """

    data: dict[str, Any]
    releases: list[dict[str, Any]]
    left_out: list[str]

    @property
    def first_level(self) -> str:
        """The level that is shown first."""
        return self.data["first_level"]


@dataclass(frozen=True)
class Chosen:
    """What of the marts is wanted; none for the default.

    Attributes:
        levels: area levels.
        periods: of PERIODS.
    """

    levels: Sequence[str] = ()
    periods: Sequence[str] = PERIODS


def read_study(query: Query, chosen: Chosen, say: Callable[[str], None]) -> Study:
    """Read the marts.

    Args:
        query: runs one statement.
        say: gets the name of each step.

    Raises:
        StudyError: nothing is published, or nothing of what was chosen.
    """

    def ask(name: str, **words: str) -> Rows:
        say(f"reading {name.replace('_', ' ')}")
        return query(QUERIES[name].format(**words))

    def ask_of_feed(name: str, mart: str) -> Rows:
        is_there = query(f"show tables in marts like '{mart}'")
        return query(QUERIES_OF_FEEDS[name]) if is_there else []

    releases = ask("releases")
    if not releases:
        raise StudyError("Nothing is published yet. Run: throng release publish")
    areas = _areas(ask("areas"), chosen)
    periods = ", ".join(f"'{period}'" for period in chosen.periods)
    presence = ask("presence", periods=periods)
    layout = Layout(areas)
    left_out = layout.choose(presence)
    people = layout.by_period(presence)
    if not people:
        raise StudyError("Nothing is published for these levels and periods.")
    change = layout.measures(CHANGE, ask("change"), people)
    estimates = layout.measures(ESTIMATE, ask("estimates"), people)
    first_level = _first_level(people)
    data = {
        "areas": layout.areas,
        "people": people,
        "change": change,
        "estimates": estimates,
        "context": layout.context(ask("context")),
        "need": [list(row) for row in ask_of_feed("need", "need_ranking")],
        "reference": list(ask("reference_days")[0]),
        "flows": layout.flows(ask("flows"), ask("flow_pairs")),
        "residents": layout.one(ask("residents")),
        "relocations": layout.pairs(ask("relocations")),
        "rhythm": layout.rhythm(ask("rhythm")),
        "stays": layout.by_start(ask("stays")),
        "trips": layout.trips(ask("trips")),
        "indicators": list(INDICATORS),
        "profiles": layout.profiles(
            ask("profiles", indicators=", ".join(f"'{name}'" for name in INDICATORS))
        ),
        "poor_days": [
            {"start": start, "percent": percent} for start, _, percent in ask("poor_days")
        ],
        "findings": _findings(query, first_level, people),
        "first_level": first_level,
    }
    return Study(data, [dict(zip(_RELEASE, row, strict=True)) for row in releases], left_out)


_RELEASE = (
    "release_id",
    "mart",
    "period",
    "published_at",
    "first_date",
    "last_date",
    "n_rows",
    "n_suppressed",
    "min_group_size",
    "mechanism",
    "rounding_base",
)


def _areas(rows: Rows, chosen: Chosen) -> dict[str, list[dict[str, Any]]]:
    """The areas of each level that is wanted, the level with the fewest areas first."""
    levels: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        level, area, name, parent, population, has_cells, outline, *rest = row
        source, boundaries, longitude, latitude, km2 = rest
        levels.setdefault(level, []).append(
            {
                "id": area,
                "name": name or area,
                "parent": parent,
                "population": population,
                "has_cells": has_cells,
                "outline": json.loads(outline) if outline else None,
                "source": source,
                "boundaries": boundaries,
                "centre": [longitude, latitude],
                "km2": km2,
            }
        )
    if not levels:
        raise StudyError(
            "The list of areas is not published yet. Run: throng release build, then throng "
            "release publish"
        )
    unknown = sorted(set(chosen.levels) - set(levels))
    if unknown:
        raise StudyError(
            f"There is no area level {', '.join(unknown)}. The levels are: {', '.join(levels)}."
        )
    return {level: found for level, found in levels.items() if level in (chosen.levels or levels)}


class Layout:
    """Where each number stands: one list per level and period start, in the order of the areas."""

    def __init__(self, areas: dict[str, list[dict[str, Any]]]) -> None:
        self.areas = areas
        self._place = {
            level: {area["id"]: place for place, area in enumerate(found)}
            for level, found in areas.items()
        }
        self._kept: set[tuple[str, str]] = set()

    def choose(self, presence: Rows) -> list[str]:
        """Keep as many levels and periods as a page can hold; which were left out."""
        sizes: dict[tuple[str, str], int] = {}
        for period, _, level, _, _ in presence:
            if level in self.areas:
                sizes[level, period] = sizes.get((level, period), 0) + 1
        n_numbers, left_out = 0, []
        order = list(self.areas)
        longest_first = {"month": 0, "week": 1, "day": 2}
        for level, period in sorted(sizes, key=lambda k: (order.index(k[0]), longest_first[k[1]])):
            # Days have a change in three numbers more, and an estimate in three.
            n_numbers += sizes[level, period] * (7 if period == "day" else 1)
            if n_numbers <= MOST_NUMBERS:
                self._kept.add((level, period))
            else:
                left_out.append(f"{period} of {level}")
        return left_out

    def by_period(self, presence: Rows) -> dict[str, dict[str, dict[str, Numbers]]]:
        """Level, period, start: people by area."""
        found: dict[str, dict[str, dict[str, Numbers]]] = {}
        for period, start, level, area, value in presence:
            if (level, period) in self._kept:
                starts = found.setdefault(level, {}).setdefault(period, {})
                self._put(starts, start, level, area, value)
        return found

    def measures(
        self, names: Sequence[str], rows: Rows, people: dict[str, Any]
    ) -> dict[str, dict[str, dict[str, Numbers]]]:
        """Level, one of the names, day: numbers by area."""
        found: dict[str, dict[str, dict[str, Numbers]]] = {}
        for start, level, area, *values in rows:
            if "day" in people.get(level, {}):
                measures = found.setdefault(level, {})
                for name, value in zip(names, values, strict=True):
                    self._put(measures.setdefault(name, {}), start, level, area, value)
        return found

    def context(self, rows: Rows) -> dict[str, list[list[Any]]]:
        """Level: area, name of the series, lag in days, days, correlation; the surest first."""
        found: dict[str, list[list[Any]]] = {}
        for level, area, *values in rows:
            place = self._place.get(level, {}).get(area)
            if place is not None:
                found.setdefault(level, []).append([place, *map(_plain, values)])
        return found

    def by_start(self, rows: Rows) -> dict[str, dict[str, Numbers]]:
        """Level, start: one number by area."""
        found: dict[str, dict[str, Numbers]] = {}
        for start, level, area, value in rows:
            if level in self.areas:
                self._put(found.setdefault(level, {}), start, level, area, value)
        return found

    def one(self, rows: Rows) -> dict[str, Numbers]:
        """Level: one number by area."""
        found = self.by_start([("", *row) for row in rows])
        return {level: starts[""] for level, starts in found.items()}

    def flows(self, rows: Rows, counts: Rows) -> dict[str, dict[str, dict[str, Any]]]:
        """Level, week: pairs with journeys, people, mean km; how many are withheld."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for start, level, n_pairs, n_withheld in counts:
            if level in self.areas:
                found.setdefault(level, {})[start] = {
                    "n_pairs": n_pairs,
                    "n_withheld": n_withheld,
                    "pairs": [],
                }
        for start, level, origin, destination, *values in rows:
            if level in self.areas:
                place = self._place[level]
                pair = [place.get(origin), place.get(destination), *map(_plain, values)]
                if None not in pair[:2]:
                    found[level][start]["pairs"].append(pair)
        return found

    def pairs(self, rows: Rows) -> dict[str, dict[str, list[Numbers]]]:
        """Level, start: two areas and a number each."""
        found: dict[str, dict[str, list[Numbers]]] = {}
        for start, level, one, other, value in rows:
            if level in self.areas:
                place = self._place[level]
                if one in place and other in place:
                    pairs = found.setdefault(level, {}).setdefault(start, [])
                    pairs.append([place[one], place[other], value])
        return found

    def rhythm(self, rows: Rows) -> dict[str, dict[str, dict[str, list[Numbers]]]]:
        """Level, week, activity: for each area the share of residents in percent by hour."""
        found: dict[str, dict[str, dict[str, list[Numbers]]]] = {}
        for start, level, area, activity, hour, percent in rows:
            place = self._place.get(level, {}).get(area)
            if place is not None:
                by_area = found.setdefault(level, {}).setdefault(start, {}).setdefault(activity, [])
                by_area.extend([] for _ in range(place + 1 - len(by_area)))
                hours = by_area[place]
                hours.extend([None] * (hour + 1 - len(hours)))
                hours[hour] = _plain(percent)
        return found

    def trips(self, rows: Rows) -> dict[str, dict[str, dict[str, Numbers]]]:
        """Level, week, lower end of the distance band in km: people by home area."""
        found: dict[str, dict[str, dict[str, Numbers]]] = {}
        for start, level, area, band, value in rows:
            if level in self.areas:
                bands = found.setdefault(level, {}).setdefault(start, {})
                self._put(bands, str(int(band)), level, area, value)
        return found

    def profiles(self, rows: Rows) -> dict[str, dict[str, Numbers]]:
        """Level, indicator: mean by area."""
        return self.by_start([(name, level, area, value) for level, area, name, value in rows])

    def _put(
        self, lists: dict[str, Numbers], key: str, level: str, area: str, value: float | int | None
    ) -> None:
        place = self._place[level].get(area)
        if place is not None:
            if key not in lists:
                lists[key] = [None] * len(self._place[level])
            lists[key][place] = _plain(value)


CHANGE = ("median", "mad", "percent", "abnormality")
ESTIMATE = ("estimated", "low", "high")


def _plain(value: float | int | None) -> float | int | None:
    """A whole number without its decimal point: shorter in the page."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _first_level(people: dict[str, Any]) -> str:
    """The finest level of which few days are withheld; else the coarsest."""
    first = next(iter(people))
    for level, periods in people.items():
        shown = periods.get("day") or next(iter(periods.values()))
        values = [value for numbers in shown.values() for value in numbers]
        if values and sum(value is None for value in values) <= MOST_WITHHELD * len(values):
            first = level
    return first


def _findings(query: Query, level: str, people: dict[str, Any]) -> list[dict[str, Any]]:
    """The sentences at the top: their names and numbers; none without its number."""
    columns = {
        "emptied": ("area", "percent", "n_days"),
        "filled": ("area", "percent", "n_days"),
        "largest_flow": ("from", "to", "n_journeys", "n_subscribers", "start"),
        "largest_relocation": ("from", "to", "n_subscribers", "start"),
        "withheld": ("n_withheld", "n_numbers", "percent"),
    }
    literal = level.replace("\\", "\\\\").replace("'", "\\'")
    return [
        {"finding": name, "level": level, **dict(zip(columns[name], row, strict=True))}
        for name, sql in FINDINGS.items()
        for row in query(sql.format(level=literal))[:1]
    ]
