"""Calls, texts and data sessions of one day, at the cells that served them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from throng.synth.country import Country
from throng.synth.itineraries import Day
from throng.synth.network import ANY_SECTOR, DAY, Network, pixel_of
from throng.synth.people import People
from throng.synth.settings import Settings

#: Type and direction of an event are one code: index of EVENT_TYPES and DIRECTIONS.
EVENT_TYPES = ("call", "call", "text", "text", "data")
DIRECTIONS = ("in", "out", "in", "out", "")
CALL_IN, CALL_OUT, TEXT_IN, TEXT_OUT, DATA = range(5)
NO_COUNTERPART = -1

#: Seconds and megabytes are drawn from this many steps of their distributions.
STEPS = 65_536
#: How often an event is served by the dominant site, and else by the next ones.
DOMINANT, NEXT = 0.8, (0.9, 0.96, 0.985)
CALL_SHARE_OF_OTHERS = 0.55

#: Activity by hour of the day, weekdays and weekends (any unit).
WEEKDAY_CURVE = (
    *(0.10, 0.06, 0.04, 0.03, 0.05, 0.15, 0.40, 0.75, 0.95, 1.00, 1.05, 1.10),
    *(1.15, 1.05, 1.00, 1.00, 1.10, 1.30, 1.45, 1.50, 1.40, 1.05, 0.60, 0.25),
)
WEEKEND_CURVE = (
    *(0.18, 0.12, 0.07, 0.05, 0.05, 0.08, 0.18, 0.35, 0.60, 0.85, 1.00, 1.10),
    *(1.15, 1.10, 1.05, 1.05, 1.10, 1.20, 1.30, 1.40, 1.35, 1.10, 0.70, 0.35),
)
WEEKEND_ACTIVITY, FESTIVAL_EXTRA = 0.92, 4.0


@dataclass
class Events:
    """Columns of events, one entry per row.

    subscriber: index of the id. day: day number (0 = start; dirt may lie outside the study).
    second: of the day. cell: index of the id, beyond the network for unknown ones. code: see
    EVENT_TYPES. counterpart: index of the id or NO_COUNTERPART. amount: step of the duration or
    volume. flaw: 0 for clean, else see dirt.py. place_in_file: second by which the file is sorted.
    """

    subscriber: NDArray[np.int32]
    day: NDArray[np.int32]
    second: NDArray[np.int32]
    cell: NDArray[np.int32]
    code: NDArray[np.uint8]
    counterpart: NDArray[np.int32]
    amount: NDArray[np.uint16]
    flaw: NDArray[np.uint8]
    place_in_file: NDArray[np.int32]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.subscriber)

    def take(self, rows: NDArray[np.integer] | slice) -> Events:
        """Some rows, as a copy (a view for a slice)."""
        return Events(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def concat(parts: list[Events]) -> Events:
        """All rows of all parts."""
        if len(parts) == 1:
            return parts[0]
        return Events(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Events)}
        )

    def in_file_order(self) -> Events:
        """Sorted by place_in_file; rows of the same second keep their order."""
        # The row number in the low bits makes a plain sort of integers stable.
        key = (self.place_in_file.astype(np.int64) << 32) | np.arange(len(self))
        key.sort()
        return self.take(key & 0xFFFFFFFF)


def durations() -> NDArray[np.int32]:
    """Call duration in seconds of each step: lognormal, half below a minute, at most two hours."""
    return np.clip(np.exp(4.1 + 1.15 * _normal_steps()), 1, 7200).astype(np.int32)


def volumes() -> NDArray[np.float64]:
    """Volume in megabytes of each step: lognormal, at most 5,000, in steps of a kilobyte."""
    return np.round(np.clip(np.exp(0.4 + 1.7 * _normal_steps()), 0.001, 5000.0), 3)


def _normal_steps() -> NDArray[np.float64]:
    """STEPS quantiles of the normal distribution, by interpolating its integral."""
    z = np.linspace(-5.5, 5.5, 200_001)
    integral = np.cumsum(np.exp(-0.5 * z * z))
    return np.interp((np.arange(STEPS) + 0.5) / STEPS, integral / integral[-1], z)


class EventMaker:
    """Draws the events of a day from where everybody is."""

    def __init__(
        self, settings: Settings, country: Country, network: Network, people: People
    ) -> None:
        self._settings = settings
        self._country = country
        self._network = network
        self._people = people
        self._clock = [_clock(WEEKDAY_CURVE), _clock(WEEKEND_CURVE)]

    def day(self, day: Day) -> Events:
        """The clean events of a day, sorted by subscriber and second; no second twice."""
        rng = np.random.default_rng([self._settings.seed, 5, day.number])
        subscriber, second = self._when(rng, day)
        n = len(subscriber)
        site, sector = self._site(rng, day, subscriber, second)
        network = self._network
        cell = network.first_cell[site] + sector % network.n_cells[site]

        # One random number for what, one for its size.
        what = rng.random(n, dtype=np.float32)
        share = self._people.data_share[subscriber]
        data = what < share
        rest = (what - share) / (1 - share)
        code = np.where(rest < CALL_SHARE_OF_OTHERS, CALL_IN, TEXT_IN).astype(np.uint8)
        code += rng.random(n, dtype=np.float32) < 0.52
        code[data] = DATA
        counterpart = np.full(n, NO_COUNTERPART, dtype=np.int32)
        spoken = np.flatnonzero(~data)
        counterpart[spoken] = self._counterpart(rng, subscriber[spoken])
        return Events(
            subscriber=subscriber,
            day=np.full(n, day.number, dtype=np.int32),
            second=second,
            cell=cell.astype(np.int32),
            code=code,
            counterpart=counterpart,
            amount=rng.integers(0, STEPS, n, dtype=np.uint16),
            flaw=np.zeros(n, dtype=np.uint8),
            place_in_file=second,
        )

    def _when(
        self, rng: np.random.Generator, day: Day
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Subscriber and second of each event, sorted, without doubles."""
        weekend = (self._settings.start.weekday() + day.number) % 7 >= 5
        people = self._people
        rate = people.rate * (WEEKEND_ACTIVITY if weekend else 1.0 + (1 - WEEKEND_ACTIVITY) * 0.4)
        count = rng.poisson(np.where(day.active, rate, 0.0))
        who = np.repeat(np.arange(people.n), count)
        clock = self._clock[int(weekend)]
        at = rng.random(len(who), dtype=np.float32) * np.float32(STEPS - 1)
        step = at.astype(np.int32)
        low = clock[step]
        second = (low + (at - step) * (clock[step + 1] - low)).astype(np.int64)
        key = who * DAY + np.minimum(second, DAY - 1)
        if day.at_festival.any():
            guests = np.flatnonzero(day.at_festival)
            guests = np.repeat(guests, rng.poisson(FESTIVAL_EXTRA, len(guests)))
            came, left = day.bounds[3][guests], day.bounds[4][guests]
            then = came + (rng.random(len(guests)) * (left - came)).astype(np.int64)
            key = np.concatenate([key, guests * DAY + then])
        key.sort()
        if len(key):
            key = key[np.concatenate([[True], key[1:] != key[:-1]])]
        subscriber = key // DAY
        return subscriber.astype(np.int32), (key - subscriber * DAY).astype(np.int32)

    def _site(
        self,
        rng: np.random.Generator,
        day: Day,
        subscriber: NDArray[np.int32],
        second: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Serving site and sector of each event."""
        n = len(subscriber)
        passed = np.zeros(n, dtype=np.uint8)
        for bound in day.bounds:
            passed += second >= bound[subscriber]
        places = np.stack(day.places, axis=1).ravel()
        place = places[subscriber * 4 + (passed >> 1)]
        moving = np.flatnonzero(passed & 1)

        luck = rng.random(n, dtype=np.float32)
        pick_sector = rng.integers(0, 3, n, dtype=np.uint8)
        states = [
            s
            for s in self._network.states
            if s.begins < (day.number + 1) * DAY and s.ends > day.number * DAY
        ]
        site = np.empty(n, dtype=np.int32)
        sector = np.empty(n, dtype=np.uint8)
        if len(moving):
            row, column = self._on_the_way(day, subscriber, second, passed, moving)
        for state in states:
            if len(states) == 1:
                here = slice(None)
                moving_here: NDArray[np.integer] | slice = slice(None)
            else:
                since, until = state.begins - day.number * DAY, state.ends - day.number * DAY
                here = np.flatnonzero((second >= since) & (second < until))
                moving_here = np.flatnonzero((second[moving] >= since) & (second[moving] < until))
            site[here] = state.place_site[place[here]]
            sector[here] = state.place_sector[place[here]]
            if len(moving):
                at_row, at_column = row[moving_here], column[moving_here]
                site[moving[moving_here]] = state.pixel_site[at_row, at_column]
                sector[moving[moving_here]] = state.pixel_sector[at_row, at_column]
            other = luck >= DOMINANT
            if len(states) > 1:
                other &= (second >= since) & (second < until)
            other = np.flatnonzero(other)
            nth = np.searchsorted(NEXT, luck[other], side="right")
            near = site[other]
            site[other] = state.near_site[near, nth]
            sector[other] = state.near_sector[near, nth]
        anyone = sector == ANY_SECTOR
        sector[anyone] = pick_sector[anyone]
        return site, sector

    def _on_the_way(
        self,
        day: Day,
        subscriber: NDArray[np.int32],
        second: NDArray[np.int32],
        passed: NDArray[np.uint8],
        moving: NDArray[np.integer],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Map pixel of the events on the way: along a straight line, at constant speed."""
        country = self._country
        who, leg = subscriber[moving], passed[moving] >> 1
        bounds, places = np.stack(day.bounds, axis=1), np.stack(day.places, axis=1)
        left, came = bounds[who, 2 * leg], bounds[who, 2 * leg + 1]
        origin = places[who, leg]
        # Slots without length share their bounds and places, so the next slot is always right.
        target = places[who, leg + 1]
        part = (second[moving] - left) / np.maximum(came - left, 1)
        x = country.place_x[origin] * (1 - part) + country.place_x[target] * part
        y = country.place_y[origin] * (1 - part) + country.place_y[target] * part
        return pixel_of(self._network.origin, x, y)

    def _counterpart(
        self, rng: np.random.Generator, subscriber: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """The other party: the first contact most often, the next ones ever less (as 1 / rank)."""
        start = self._people.contact_start
        low = start[subscriber]
        count = (start[subscriber + 1] - low).astype(np.float32)
        drawn = np.exp(rng.random(len(low), dtype=np.float32) * np.log(count + 1))
        rank = np.minimum(drawn.astype(np.int64) - 1, count.astype(np.int64) - 1)
        return self._people.contact[low + np.maximum(rank, 0)]


def _clock(curve: tuple[float, ...]) -> NDArray[np.float32]:
    """The second of the day at each of STEPS + 1 equal steps of activity."""
    hours = np.asarray(curve)
    # Activity runs linearly from the middle of an hour to the middle of the next.
    middle = (np.arange(-1, 25) + 0.5) * 3600
    height = np.interp(np.arange(DAY), middle, np.concatenate([hours[-1:], hours, hours[:1]]))
    passed = np.concatenate([[0.0], np.cumsum(height)])
    steps = np.arange(STEPS + 1) / STEPS * passed[-1]
    return np.interp(steps, passed, np.arange(DAY + 1)).astype(np.float32)
