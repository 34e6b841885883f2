"""From settings to a landing folder and the truth about it, one day at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from throng.synth import dirt
from throng.synth.country import BOUNDARY_SOURCE, Country, build_country, counted, to_degrees
from throng.synth.events import EventMaker, Events
from throng.synth.faults import apply_faults, plan_faults
from throng.synth.folders import Folders
from throng.synth.itineraries import KINDS, Festival, Itineraries, Journeys, Stops, plan_festival
from throng.synth.network import DAY, Network, build_network
from throng.synth.people import build_people
from throng.synth.settings import Report, Settings
from throng.synth.write import (
    EventWriter,
    TableFile,
    Written,
    coded_strings,
    fixed_strings,
    timestamp_array,
    write_table,
)

PROGRESS_LINES = 12


def generate(
    settings: Settings,
    landing: Path,
    truth: Path,
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> Report:
    """Write the country of these settings; the same settings give the same bytes.

    landing gets events/, cell_sites/ and areas/; truth gets Parquet files and a manifest. Both are
    reused if they are exactly the result of these settings. SynthError if they hold anything else;
    with force, files of an earlier run are replaced. progress receives a line now and then.
    """
    began = time.perf_counter()
    say = progress or (lambda line: None)
    folders = Folders(landing, truth)
    if not force and (found := folders.found(settings)):
        return found
    folders.check_free(force)
    folders.begin()
    try:
        report = _Run(settings, folders.new_landing, folders.new_truth, say).run()
        sizes = folders.sizes()
        report = replace(
            report,
            files=len(sizes["landing"]),
            bytes=sum(sizes["landing"].values()),
            seconds=time.perf_counter() - began,
        )
        # The manifest has no time in it, so that it too is the same each time.
        folders.finish(settings, replace(report, seconds=0.0))
    finally:
        folders.clear()
    return report


class _Run:
    """One run into two empty folders."""

    def __init__(
        self, settings: Settings, landing: Path, truth: Path, say: Callable[[str], None]
    ) -> None:
        self._settings, self._landing, self._truth, self._say = settings, landing, truth, say
        self._country = build_country(settings)
        self._network = build_network(settings, self._country)
        self._people = build_people(settings, self._country)
        if settings.market_share is not None:
            self._country = counted(self._country, self._people.home)
        self._festival = plan_festival(settings, self._country)
        self._faults = plan_faults(settings, self._country, self._network, self._people)
        self._files: list[Written] = []
        self._stops = TableFile(truth / "stops.parquet")
        self._journeys = TableFile(truth / "journeys.parquet")
        self._everybody: TableFile | None = None
        if settings.market_share is not None:
            self._everybody = TableFile(truth / "events_of_everybody.parquet")

    def run(self) -> Report:
        """Write everything, reference files first."""
        settings, people = self._settings, self._people
        write_references(settings, self._country, self._network, self._landing)
        self._write_truth()
        itineraries = Itineraries(settings, self._country, people, self._festival)
        maker = EventMaker(settings, self._country, self._network, people)
        writer = EventWriter(
            self._landing / "events",
            settings.format,
            settings.start,
            settings.days,
            people.ids,
            self._network.cell_ids,
            settings.part_rows,
        )
        carried: Events | None = None
        rows = late_rows = 0
        every = max(1, -(-settings.days // PROGRESS_LINES))
        for number in range(settings.days):
            day, stops, journeys = itineraries.day(number)
            self._add_stops(stops)
            self._add_journeys(journeys)
            events = self._of_subscribers(maker.day(day), number)
            events = apply_faults(self._faults, settings, self._network, people, number, events)
            parts = [events]
            late = None
            if settings.dirt:
                spoilt = dirt.spoil(settings, len(self._network.cell_ids), number, events)
                parts = [spoilt.rows, *([carried] if carried is not None else [])]
                carried, late = spoilt.for_tomorrow, spoilt.late
            today = Events.concat(parts).in_file_order()
            self._files += writer.write(f"events_{self._date(number)}", today)
            rows += len(today)
            late_day = dirt.late_file_day(settings, number)
            if late is not None and late_day is not None:
                late = late.in_file_order()
                self._files += writer.write(f"late/late_{self._date(late_day)}", late)
                late_rows += len(late)
            if (number + 1) % every == 0 or number + 1 == settings.days:
                self._say(
                    f"{self._date(number)}  {number + 1:>4} of {settings.days} days  "
                    f"{rows + late_rows:>13,} events"
                )
        self._stops.close()
        self._journeys.close()
        if self._everybody:
            self._everybody.close()
        dirty = self._write_dirty_rows()
        network = self._network
        return Report(
            reused=False,
            subscribers=int((people.sim_from <= people.sim_to).sum()),
            days=settings.days,
            areas=sum(len(level.ids) for level in self._country.levels),
            sites=len(network.site_ids),
            cells=len(network.cell_ids),
            rows=rows + late_rows,
            late_rows=late_rows,
            dirty=dirty,
            stops=self._stops.rows,
            journeys=self._journeys.rows,
            files=0,
            bytes=0,
            seconds=0.0,
        )

    def _date(self, number: int) -> date:
        """The date of a day number."""
        return self._settings.start + timedelta(days=number)

    def _of_subscribers(self, events: Events, number: int) -> Events:
        """Of the events that everybody would have as a subscriber, those that the operator has."""
        if self._everybody is None:
            return events
        seconds = events.day.astype(np.int64) * DAY + events.second
        self._everybody.add(
            subscriber_id=fixed_strings(self._people.ids, events.subscriber),
            event_at=timestamp_array(self._settings.start, seconds),
            cell_id=coded_strings(self._network.cell_ids, events.cell),
        )
        ours = self._people.are_subscribers(number)
        return events.take(np.flatnonzero(ours[events.subscriber]))

    def _add_stops(self, stops: Stops) -> None:
        country, start = self._country, self._settings.start
        if not len(stops.subscriber):
            return
        self._stops.add(
            subscriber_id=fixed_strings(self._people.ids, stops.subscriber),
            arrived_at=timestamp_array(start, stops.arrived),
            left_at=timestamp_array(start, stops.left),
            longitude=pa.array(country.place_longitude[stops.place]),
            latitude=pa.array(country.place_latitude[stops.place]),
            area_id=coded_strings(country.finest.ids, country.place_area[stops.place]),
            kind=coded_strings(KINDS, stops.kind),
        )

    def _add_journeys(self, journeys: Journeys) -> None:
        country, start = self._country, self._settings.start
        if not len(journeys.subscriber):
            return
        origin, target = journeys.origin, journeys.target
        distance = np.hypot(
            country.place_x[origin] - country.place_x[target],
            country.place_y[origin] - country.place_y[target],
        )
        self._journeys.add(
            subscriber_id=fixed_strings(self._people.ids, journeys.subscriber),
            departed_at=timestamp_array(start, journeys.departed),
            arrived_at=timestamp_array(start, journeys.arrived),
            from_area_id=coded_strings(country.finest.ids, country.place_area[origin]),
            to_area_id=coded_strings(country.finest.ids, country.place_area[target]),
            distance_km=pa.array(np.round(distance, 3)),
        )

    def _write_truth(self) -> None:
        """The truth that does not grow by day: homes, SIMs, cells that were down, happenings."""
        people, country, settings = self._people, self._country, self._settings
        who = np.arange(people.n)
        movers = np.flatnonzero(people.move_day < settings.days)
        until = np.where(people.move_day < settings.days, people.move_day - 1, people.last_day)
        who = np.concatenate([who, movers])
        order = np.argsort(who, kind="stable")
        place = np.concatenate([people.home, people.new_home[movers]])[order]
        homes = TableFile(self._truth / "home_areas.parquet")
        homes.add(
            subscriber_id=fixed_strings(people.ids, who[order]),
            date_from=self._dates(
                np.concatenate([people.first_day, people.move_day[movers]])[order]
            ),
            date_to=self._dates(np.concatenate([until, people.last_day[movers]])[order]),
            area_id=coded_strings(country.finest.ids, country.place_area[place]),
            longitude=pa.array(country.place_longitude[place]),
            latitude=pa.array(country.place_latitude[place]),
        )
        homes.close()
        sims = TableFile(self._truth / "sims.parquet")
        ours = np.flatnonzero(people.sim_from <= people.sim_to)
        sims.add(
            subscriber_id=fixed_strings(people.ids, ours),
            first_date=self._dates(people.sim_from[ours]),
            last_date=self._dates(people.sim_to[ours]),
        )
        sims.close()
        self._write_cells_down()
        self._write_happenings(self._festival)
        if self._faults.machines or self._faults.clones:
            self._write_odd_subscribers()

    def _dates(self, numbers: NDArray[np.integer]) -> pa.Array:
        """Day numbers as dates."""
        first = self._settings.start.toordinal() - date(1970, 1, 1).toordinal()
        return pa.array((numbers + first).astype(np.int32)).cast(pa.date32())

    def _moments(self, seconds: list[int]) -> pa.Array:
        """Seconds from the start as timestamps."""
        return timestamp_array(self._settings.start, np.array(seconds, dtype=np.int64))

    def _write_cells_down(self) -> None:
        network = self._network
        cells: list[str] = []
        down, up = [], []
        if network.outage:
            site, begins, ends = network.outage
            first = int(network.first_cell[site])
            cells = network.cell_ids[first : first + int(network.n_cells[site])]
            down, up = [begins] * len(cells), [ends] * len(cells)
        for outage in self._faults.outages:
            cells = cells + [network.cell_ids[cell] for cell in outage.cells]
            down += [outage.begins] * len(outage.cells)
            up += [outage.ends] * len(outage.cells)
        table = TableFile(self._truth / "cells_down.parquet")
        table.add(
            cell_id=pa.array(cells, pa.string()),
            down_from=self._moments(down),
            down_to=self._moments(up),
        )
        table.close()

    def _write_odd_subscribers(self) -> None:
        """Who is no person, or more than one."""
        faults = self._faults
        odd = [(machine.subscriber, "machine") for machine in faults.machines]
        odd += [(clone.subscriber, "clone") for clone in faults.clones]
        table = TableFile(self._truth / "odd_subscribers.parquet")
        table.add(
            subscriber_id=fixed_strings(self._people.ids, np.array([who for who, _ in odd])),
            what=pa.array([what for _, what in odd], pa.string()),
        )
        table.close()

    def _write_happenings(self, festival: Festival | None) -> None:
        settings, network, ids = self._settings, self._network, self._country.finest.ids
        end = settings.days * DAY
        rows: list[tuple[str, int, int, str | None, str]] = []
        if settings.lockdown_day < settings.days:
            rows.append(("lockdown", settings.lockdown_day * DAY, end, None, "travel falls"))
        if festival:
            rows.append(
                (
                    "festival",
                    festival.day * DAY,
                    (festival.day + 2) * DAY,
                    ids[festival.area],
                    "many spend their evening here",
                )
            )
        if network.outage:
            site, begins, ends = network.outage
            area = next(row.area for row in network.rows if row.site == site)
            note = f"site {network.site_ids[site]} is down"
            rows.append(("outage", begins, ends, ids[area], note))
        if network.move:
            site, moment, old, new = network.move
            cell = network.cell_ids[int(network.first_cell[site])]
            rows.append(("cell_move", moment, end, ids[new], f"cell {cell} came from {ids[old]}"))
        rows.sort(key=lambda row: (row[1], row[0]))
        table = TableFile(self._truth / "happenings.parquet")
        table.add(
            **{
                "what": pa.array([r[0] for r in rows], pa.string()),
                "from": self._moments([r[1] for r in rows]),
                "to": self._moments([r[2] for r in rows]),
                "area_id": pa.array([r[3] for r in rows], pa.string()),
                "note": pa.array([r[4] for r in rows], pa.string()),
            }
        )
        table.close()

    def _write_dirty_rows(self) -> dict[str, int]:
        """The truth about dirty rows; returns how many there are for each reason."""
        counts: Counter[int] = Counter()
        table = TableFile(self._truth / "dirty_rows.parquet")
        names = [written.path for written in self._files]
        for number, written in enumerate(self._files):
            table.add(
                file=coded_strings(names, np.full(len(written.line), number)),
                line_number=pa.array(written.line.astype(np.int64)),
                reason=coded_strings(dirt.REASONS, written.flaw),
            )
            counts.update(written.flaw.tolist())
        table.close()
        return {dirt.REASONS[flaw]: counts[flaw] for flaw in sorted(counts)}


def write_references(settings: Settings, country: Country, network: Network, landing: Path) -> None:
    """Write the areas and the cells of a country into a landing folder."""
    suffix = "parquet" if settings.format == "parquet" else "csv"
    areas: dict[str, list[object]] = {
        "area_id": [],
        "area_level": [],
        "area_name": [],
        "parent_area_id": [],
        "population": [],
        "geometry": [],
        "boundary_source": [],
    }
    above: list[str] = []
    for level in country.levels:
        areas["area_id"] += level.ids
        areas["area_level"] += [level.name] * len(level.ids)
        areas["area_name"] += level.names
        areas["parent_area_id"] += [above[p] if p >= 0 else None for p in level.parent.tolist()]
        areas["population"] += level.population.tolist()
        areas["geometry"] += [shapely.to_wkt(g, rounding_precision=5) for g in level.geometry]
        areas["boundary_source"] += [BOUNDARY_SOURCE] * len(level.ids)
        above = level.ids
    text, number, real = pa.string(), pa.int64(), pa.float64()
    types = dict.fromkeys(areas, text) | {"population": number}
    write_table(landing / "areas" / f"areas.{suffix}", areas, types)

    longitude, latitude = to_degrees(
        np.array([row.x for row in network.rows]), np.array([row.y for row in network.rows])
    )
    ids = country.finest.ids
    cells: dict[str, list[object]] = {
        "cell_id": [network.cell_ids[row.cell] for row in network.rows],
        "longitude": longitude.tolist(),
        "latitude": latitude.tolist(),
        "site_id": [network.site_ids[row.site] for row in network.rows],
        "area_id": [ids[row.area] if row.area >= 0 else None for row in network.rows],
        "valid_from": [_moment(settings.start, row.valid_from) for row in network.rows],
        "valid_to": [_moment(settings.start, row.valid_to) for row in network.rows],
    }
    types = dict.fromkeys(cells, text) | {"longitude": real, "latitude": real}
    if settings.format == "parquet":
        types |= {"valid_from": pa.timestamp("us"), "valid_to": pa.timestamp("us")}
        for name in ("valid_from", "valid_to"):
            cells[name] = [
                None if v is None else np.datetime64(str(v), "us").item() for v in cells[name]
            ]
    write_table(landing / "cell_sites" / f"cell_sites.{suffix}", cells, types)


def _moment(start: date, seconds: int | None) -> str | None:
    """Seconds from the start as 'YYYY-MM-DD HH:MM:SS'."""
    if seconds is None:
        return None
    day, second = divmod(seconds, DAY)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{start + timedelta(days=day)} {clock}"
