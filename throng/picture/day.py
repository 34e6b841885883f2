"""One day of one subscriber of a synthetic country, read from its files without a server.

Stops and journeys come from the pure functions of throng/mobility, over the whole study, since
they know nothing of midnight. Times are hours since midnight of the day: from another day, they are
below 0 or above 24.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import shapely

from throng.landing.feeds import EVENT_COLUMNS
from throng.mobility.journeys import find_journeys
from throng.mobility.stops import NO_TIME, Events, Rules, find_stops
from throng.synth.folders import Folders
from throng.synth.settings import SynthError

MICROSECONDS_PER_HOUR = 3_600_000_000
#: What shows the course of a day, and what does so without hiding the map.
ENOUGH_EVENTS, GOOD_EVENTS = 30, 50
#: Journeys between these lengths: circles do not cover each other, and are not lost on a wide map.
SHORTEST_KM, LONGEST_KM = 6, 30

Point = tuple[float, float]


@dataclass(frozen=True)
class Event:
    """An event: when, and the longitude and latitude of its site."""

    at: float
    site: Point


@dataclass(frozen=True)
class TrueStop:
    """Where somebody really was. kind: home, work, other or trip."""

    kind: str
    place: Point
    arrived_at: float
    left_at: float


@dataclass(frozen=True)
class Stop:
    """A stay or a pass-by, with its bounds; None where a bound is unknown."""

    is_stay: bool
    centre: Point
    arrived_after: float | None
    arrived_at: float
    left_at: float
    left_before: float | None


@dataclass(frozen=True)
class Journey:
    """A journey between two stays, with its bounds."""

    origin: Stop
    destination: Stop
    departed_after: float
    departed_before: float
    arrived_after: float
    arrived_before: float


@dataclass(frozen=True)
class Day:
    """All that is drawn: what touches the day in order of time, and the map around it."""

    date: date
    events: list[Event]
    true_stops: list[TrueStop]
    stops: list[Stop]
    journeys: list[Journey]
    sites: list[Point]
    areas: list[shapely.Geometry]

    @property
    def stays(self) -> list[Stop]:
        """The stops that are stays."""
        return [stop for stop in self.stops if stop.is_stay]


def read_day(
    landing: Path,
    truth: Path,
    variables: Mapping[str, float],
    subscriber: str | None = None,
    day: date | None = None,
) -> Day:
    """One day of a synthetic country.

    Args:
        landing, truth: the folders of a run of throng synth.
        variables: the vars of the dbt project; those of stops and journeys are used.
        subscriber: whose day; None: chosen by truth and number of events, never by how well the
            rules do, so that the picture flatters nobody.
        day: which day; None: chosen likewise.

    Raises:
        SynthError: the folders are not those of a run, or there is nothing to draw.
    """
    settings = Folders(landing, truth).check_synthetic()
    first = date.fromisoformat(settings["start"])
    last = first + timedelta(days=settings["days"] - 1)
    if day is not None and not first <= day <= last:
        raise SynthError(f"--date must be a day from {first} to {last}, not {day}.")
    with duckdb.connect() as db:
        _load(db, landing, truth, first, last)
        subscriber, day = _choose(db, subscriber, day, first, last)
        stops, journeys = _stops_and_journeys(db, subscriber, day, variables)
        return Day(day, *_seen(db, subscriber, day), stops, journeys, *_map(db))


def _load(
    db: duckdb.DuckDBPyConnection, landing: Path, truth: Path, first: date, last: date
) -> None:
    """Make the tables cells, located, areas, true_stops and true_journeys."""
    _table(db, "cell_rows", landing / "cell_sites")
    _table(db, "areas", landing / "areas")
    _table(db, "event_rows", landing / "events", EVENT_COLUMNS)
    for name in ("stops", "journeys"):
        _table(db, f"true_{name}", truth / f"{name}.parquet")
    db.execute(
        """
        create table cells as
        select
            cell_id,
            cast(longitude as double) as longitude,
            cast(latitude as double) as latitude,
            area_id,
            coalesce(cast(valid_from as timestamp), '-infinity') as valid_from,
            coalesce(cast(valid_to as timestamp), 'infinity') as valid_to,
            cast(row_number() over (order by cell_id, valid_from nulls first) as int) as cell_number
        from cell_rows
        """
    )
    # Located events (docs/definitions.md): accepted, and at a cell that has an area.
    db.execute(
        """
        create table located as
        select distinct
            e.subscriber_id,
            try_cast(e.event_at as timestamp) as event_at,
            cells.cell_number,
            cells.longitude,
            cells.latitude
        from event_rows as e
        inner join cells
            on e.cell_id = cells.cell_id
            and try_cast(e.event_at as timestamp) >= cells.valid_from
            and try_cast(e.event_at as timestamp) < cells.valid_to
        where
            cells.area_id is not null
            and try_cast(e.event_at as timestamp) >= $first
            and try_cast(e.event_at as timestamp) < $last + interval 1 day
            and e.subscriber_id in (select subscriber_id from true_stops)
        """,
        {"first": first, "last": last},
    )


def _table(
    db: duckdb.DuckDBPyConnection, name: str, path: Path, columns: tuple[str, ...] = ()
) -> None:
    """Name Parquet or CSV as they are, of CSV without the rows that lack one of these columns."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    names = [str(file) for file in files]
    if files[0].suffix == ".parquet":
        found = db.read_parquet(names)
    elif columns:
        types = dict.fromkeys(columns, "VARCHAR")
        found = db.read_csv(names, header=True, sep=",", columns=types, ignore_errors=True)
    else:
        found = db.read_csv(names, header=True, sep=",", all_varchar=True)
    found.create_view(name)


def _choose(
    db: duckdb.DuckDBPyConnection, subscriber: str | None, day: date | None, first: date, last: date
) -> tuple[str, date]:
    """Whose day, and which: from home to home with work and an outing, each at its own site."""
    found = db.execute(
        """
        with
        days as (
            select subscriber_id, cast(event_at as date) as day, count(*) as n_events
            from located
            where
                subscriber_id = coalesce($subscriber, subscriber_id)
                and cast(event_at as date) = coalesce($day, cast(event_at as date))
            group by all
        ),
        nearest_cells as (
            select
                places.longitude,
                places.latitude,
                arg_min(
                    cells.cell_number,
                    (
                        pow((cells.longitude - places.longitude) * cos(radians(places.latitude)), 2)
                        + pow(cells.latitude - places.latitude, 2),
                        cells.cell_number
                    )
                ) as nearest_cell
            from (select distinct longitude, latitude from true_stops) as places
            cross join cells
            group by all
        ),
        courses as (
            select
                days.subscriber_id,
                days.day,
                count(distinct nearest_cell) >= 3
                and count(distinct kind) filter (kind in ('home', 'work', 'other')) = 3
                and count(*) between 4 and 6
                and arg_min(kind, arrived_at) = 'home'
                and arg_max(kind, arrived_at) = 'home'
                and min(left_at - arrived_at) >= interval 1 hour as is_telling
            from days
            inner join true_stops
                on days.subscriber_id = true_stops.subscriber_id
                and arrived_at < days.day + interval 1 day
                and left_at > days.day
            inner join nearest_cells using (longitude, latitude)
            group by all
        ),
        ways as (
            select
                subscriber_id,
                cast(departed_at as date) as day,
                min(distance_km) >= $shortest
                and max(distance_km) <= $longest as is_clear
            from true_journeys
            group by all
        )
        select subscriber_id, day
        from days
        left join courses using (subscriber_id, day)
        left join ways using (subscriber_id, day)
        order by
            n_events >= $enough desc,
            coalesce(is_telling, false) desc,
            coalesce(is_clear, false) desc,
            day > $first and day < $last desc,
            abs(n_events - $good),
            day,
            subscriber_id
        limit 1
        """,
        {
            "subscriber": subscriber,
            "day": day,
            "first": first,
            "last": last,
            "shortest": SHORTEST_KM,
            "longest": LONGEST_KM,
            "enough": ENOUGH_EVENTS,
            "good": GOOD_EVENTS,
        },
    ).fetchone()
    if found is None:
        raise SynthError(
            "This country has no events of that subscriber on that day; choose others."
        )
    return found[0], found[1]


def _stops_and_journeys(
    db: duckdb.DuckDBPyConnection, subscriber: str, day: date, variables: Mapping[str, float]
) -> tuple[list[Stop], list[Journey]]:
    """What the rules find in the subscriber's whole trace, as far as it touches the day."""
    trace = db.execute(
        """
        select epoch_us(event_at) as event_us, longitude, latitude, cell_number
        from located where subscriber_id = ? order by all
        """,
        [subscriber],
    ).fetchnumpy()
    trace = {name: np.asarray(column) for name, column in trace.items()}
    radius, stay, gap, pingpong, near, longest = (
        np.array([float(variables[name])])
        for name in (
            "stop_radius_km",
            "stop_min_stay_minutes",
            "stop_max_gap_minutes",
            "pingpong_minutes",
            "pingpong_km",
            "max_journey_hours",
        )
    )
    offsets = np.array([0, len(trace["event_us"])])
    rows = find_stops(Events(offsets, **trace), Rules(radius, stay, gap, pingpong, near))
    ways = find_journeys(rows, longest, radius)
    midnight = np.datetime64(day, "us").astype(np.int64)

    def hours(times: np.ndarray) -> list[float | None]:
        return [
            None if at == NO_TIME else float((at - midnight) / MICROSECONDS_PER_HOUR)
            for at in times.tolist()
        ]

    stops = [
        Stop(is_stay, (longitude, latitude), *times)
        for is_stay, longitude, latitude, *times in zip(
            rows.is_stay.tolist(),
            rows.longitude.tolist(),
            rows.latitude.tolist(),
            *map(hours, (rows.arrived_after, rows.arrived_at, rows.left_at, rows.left_before)),
            strict=True,
        )
    ]
    journeys = [
        Journey(stops[origin], stops[destination], *times)
        for origin, destination, *times in zip(
            ways.origin.tolist(),
            ways.destination.tolist(),
            *map(
                hours,
                (
                    ways.departed_after,
                    ways.departed_before,
                    ways.arrived_after,
                    ways.arrived_before,
                ),
            ),
            strict=True,
        )
    ]
    return (
        [stop for stop in stops if stop.arrived_at < 24 and stop.left_at >= 0],
        [way for way in journeys if way.departed_after < 24 and way.arrived_before > 0],
    )


def _seen(
    db: duckdb.DuckDBPyConnection, subscriber: str, day: date
) -> tuple[list[Event], list[TrueStop]]:
    """The events of the day, and the true stops that touch it."""
    who_and_when = {"subscriber": subscriber, "day": day}
    events = db.execute(
        """
        select (epoch_us(event_at) - epoch_us($day::timestamp)) / 3.6e9, longitude, latitude
        from located
        where subscriber_id = $subscriber and cast(event_at as date) = $day
        order by event_at, cell_number
        """,
        who_and_when,
    ).fetchall()
    true_stops = db.execute(
        """
        select
            kind,
            longitude,
            latitude,
            (epoch_us(arrived_at) - epoch_us($day::timestamp)) / 3.6e9,
            (epoch_us(left_at) - epoch_us($day::timestamp)) / 3.6e9
        from true_stops
        where
            subscriber_id = $subscriber
            and arrived_at < $day + interval 1 day
            and left_at > $day
        order by arrived_at
        """,
        who_and_when,
    ).fetchall()
    return (
        [Event(at, (east, north)) for at, east, north in events],
        [TrueStop(kind, (east, north), *times) for kind, east, north, *times in true_stops],
    )


def _map(db: duckdb.DuckDBPyConnection) -> tuple[list[Point], list[shapely.Geometry]]:
    """All sites, and the areas of the level that cells are in."""
    sites = db.execute("select distinct longitude, latitude from cells order by all").fetchall()
    areas = db.execute(
        """
        select geometry from areas
        where area_level in (
            select area_level from areas where area_id in (select area_id from cells)
        )
        order by area_id
        """
    ).fetchall()
    return sites, [shapely.from_wkt(outline) for (outline,) in areas]
