"""Where everybody is at each second of a day.

A day has four slots: where the night was spent, work, an outing, where the next night is spent.
A slot that is not used has no length, so that one comparison with six boundaries finds the slot or
the journey of any second. Only the open stop of each person is carried from day to day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.synth.country import Country
from throng.synth.network import DAY
from throng.synth.people import Flags, Floats, Gravity, People, Places
from throng.synth.settings import Settings

Ints = NDArray[np.int64]

KINDS = ("home", "work", "other", "trip")
HOME, WORK, OTHER, TRIP = range(4)

#: What is left of each in a lockdown.
LOCKDOWN_WORK, LOCKDOWN_OUTING, LOCKDOWN_TRIP = 0.12, 0.3, 0.07
#: Nobody travels in the last minutes of a day, so that no journey crosses midnight.
LAST_SECOND = DAY - 120
SHORTEST_STAY = 15 * 60
TRIP_REACH_KM = 70.0
FESTIVAL_REACH_KM = 80.0


@dataclass(frozen=True)
class Festival:
    """Two days (day, day + 1) on which many spend their evening in one area (finest index)."""

    day: int
    area: int


@dataclass(frozen=True)
class Day:
    """Everybody's day. bounds: six arrays of seconds (leave, arrive, leave, arrive, leave, arrive).

    places: four arrays of place indices. Before bounds[0] one is at places[0], between bounds[0]
    and bounds[1] on the way to places[1], and so on. active: in the country. at_festival: who goes.
    """

    number: int
    active: Flags
    places: tuple[Places, Places, Places, Places]
    bounds: tuple[NDArray[np.int32], ...]
    at_festival: Flags


@dataclass(frozen=True)
class Stops:
    """Finished stops: who, seconds from the start of the study, place, kind (index of KINDS)."""

    subscriber: NDArray[np.integer]
    arrived: Ints
    left: Ints
    place: Places
    kind: NDArray[np.uint8]


@dataclass(frozen=True)
class Journeys:
    """Journeys: who, seconds from the start of the study, from place, to place."""

    subscriber: NDArray[np.integer]
    departed: Ints
    arrived: Ints
    origin: Places
    target: Places


def plan_festival(settings: Settings, country: Country) -> Festival | None:
    """A weekend in the third town, before the lockdown where that is possible."""
    if settings.days < 2:
        return None
    saturdays = [
        d
        for d in range(settings.days - 1)
        if (settings.start.toordinal() + d - 1) % 7 == 5 and d + 1 < settings.lockdown_day
    ]
    later = [d for d in saturdays if d >= settings.days // 4]
    day = (later or saturdays or [settings.days // 3])[0]
    town = country.town_place[min(2, len(country.town_place) - 1)]
    return Festival(day=min(day, settings.days - 2), area=int(country.place_area[town]))


def travel_seconds(distance: Floats) -> NDArray[np.int32]:
    """Seconds for a distance in km: slow in town, up to 75 km/h over land; none for no distance."""
    speed = 24.0 + 51.0 * (1.0 - np.exp(-distance / 35.0))
    seconds = 240.0 + distance / speed * 3600.0
    return np.where(distance > 0, seconds, 0.0).astype(np.int32)


class Itineraries:
    """Steps through the study; day() must be called once per day, in order."""

    def __init__(
        self, settings: Settings, country: Country, people: People, festival: Festival | None
    ) -> None:
        self._settings = settings
        self._country = country
        self._people = people
        self._festival = festival
        self._home, self._work = people.home.copy(), people.work.copy()
        self._sleep = people.home.copy()
        self._sleep_kind = np.full(people.n, HOME, dtype=np.uint8)
        self._nights_left = np.zeros(people.n, dtype=np.int32)
        self._open_since = np.zeros(people.n, dtype=np.int64)
        self._far = Gravity(country, TRIP_REACH_KM)

    def day(self, number: int) -> tuple[Day, Stops, Journeys]:
        """The day's itineraries, the stops that end on it and the journeys on it."""
        people, rng = self._people, np.random.default_rng([self._settings.seed, 4, number])
        active = (people.first_day <= number) & (number <= people.last_day)
        self._open_since[people.first_day == number] = number * DAY
        night, night_kind = self._sleep.copy(), self._sleep_kind.copy()

        moving = people.move_day == number
        self._home[moving] = people.new_home[moving]
        self._work[moving] = people.new_work[moving]
        tonight, away, travelling = self._nights(rng, number, active, moving)
        goes_work, goes_out, at_festival, outing = self._plans(
            rng, number, active & ~moving & ~travelling, away
        )
        places, bounds, used = self._schedule(
            rng, number, night, tonight, goes_work, goes_out, at_festival, outing
        )
        at_festival &= used[1]
        self._sleep = tonight
        stops, journeys = self._finish(number, active, night_kind, places, bounds, used)
        return Day(number, active, places, bounds, at_festival), stops, journeys

    def _nights(
        self, rng: np.random.Generator, number: int, active: Flags, moving: Flags
    ) -> tuple[Places, Flags, Flags]:
        """Where all sleep tonight; who is away and stays so; who starts or ends a trip today."""
        people, n = self._people, self._people.n
        locked = number >= self._settings.lockdown_day
        weekday = self._weekday(number)
        on_trip = self._nights_left > 0
        self._nights_left[on_trip] -= 1
        self._nights_left[moving] = 0
        returns = on_trip & (self._nights_left == 0)
        away = on_trip & ~returns
        tonight = np.where(away, self._sleep, self._home).astype(np.int32)
        kind = np.where(away, TRIP, HOME).astype(np.uint8)

        chance = people.trip * (2.0 if weekday in (4, 5) else 0.8)
        chance = chance * (LOCKDOWN_TRIP if locked else 1.0)
        starts = active & ~on_trip & ~moving & (rng.random(n) < chance)
        who = np.flatnonzero(starts)
        area = self._country.place_area[self._home[who]]
        target = self._far.place(rng, self._far.area(rng, area))
        real = target != self._home[who]
        starts[who[~real]] = False
        who, target = who[real], target[real]
        tonight[who] = target
        kind[who] = TRIP
        self._nights_left[who] = np.minimum(rng.geometric(0.45, len(who)), 10)
        self._sleep_kind = kind
        return tonight, away, starts | returns

    def _plans(
        self, rng: np.random.Generator, number: int, free: Flags, away: Flags
    ) -> tuple[Flags, Flags, Flags, Places]:
        """Who goes to work, who goes out, who to the festival, and the place of the outing."""
        people, n = self._people, self._people.n
        locked = number >= self._settings.lockdown_day
        weekday = self._weekday(number)
        weekend = weekday >= 5
        at_work = np.full(n, 0.95)
        if locked:
            at_work = np.where(people.essential, 0.9, LOCKDOWN_WORK)
        goes_work = free & ~away & people.works[:, weekday] & (rng.random(n) < at_work)
        goes_work &= self._work != self._home
        chance = people.weekend_outing if weekend else people.weekday_outing
        goes_out = free & (rng.random(n) < chance * (LOCKDOWN_OUTING if locked else 1.0))

        which = np.searchsorted([0.5, 0.8], rng.random(n))
        outing = people.haunts[np.arange(n), which]
        # On a trip one goes out where one is; after a move near the new home.
        strangers = np.flatnonzero(goes_out & (away | (people.move_day <= number)))
        base = np.where(away, self._sleep, self._home)[strangers]
        outing[strangers] = self._far.place(rng, self._country.place_area[base])

        at_festival = np.zeros(n, dtype=bool)
        festival = self._festival
        if festival and festival.day <= number <= festival.day + 1:
            first, last = self._country.area_start[festival.area : festival.area + 2]
            field = self._far.place(rng, np.full(n, festival.area))
            from_home = self._distance(self._home, np.full(n, (first + last) // 2))
            fans = 0.5 * np.exp(-from_home / 40.0) * (from_home < FESTIVAL_REACH_KM)
            at_festival = free & ~away & (rng.random(n) < fans * (0.1 if locked else 1.0))
            outing = np.where(at_festival, field, outing).astype(np.int32)
            goes_out |= at_festival
        return goes_work, goes_out, at_festival, outing

    def _schedule(
        self,
        rng: np.random.Generator,
        number: int,
        night: Places,
        tonight: Places,
        goes_work: Flags,
        goes_out: Flags,
        at_festival: Flags,
        outing: Places,
    ) -> tuple[tuple[Places, ...], tuple[NDArray[np.int32], ...], tuple[Flags, Flags, Flags]]:
        """Places, bounds, and which of work, outing and the next night are really reached."""
        people, n = self._people, self._people.n
        whole_day = np.full(n, DAY, dtype=np.int32)

        # Work: at its usual time, give or take.
        work = np.where(goes_work, self._work, night)
        to_work = travel_seconds(self._distance(night, work))
        leave = people.leave_at + (rng.normal(0, 1200, n)).astype(np.int32)
        leave_work = people.back_at + (rng.normal(0, 2400, n)).astype(np.int32)
        arrive_work = leave + to_work
        home_again = travel_seconds(self._distance(work, tonight))
        leave_work = np.maximum(leave_work, arrive_work + 2 * 3600)
        leave_work = np.minimum(leave_work, LAST_SECOND - home_again)
        goes_work = goes_work & (leave_work >= arrive_work + SHORTEST_STAY) & (leave > 3600)
        work = np.where(goes_work, work, night)

        # An outing: after work, or at any time of the day.
        goes_out = goes_out & (outing != work) & (outing != tonight)
        outing = np.where(goes_out, outing, work)
        earliest = 8.5 if self._weekday(number) >= 5 else 10.0
        ready = (3600 * (earliest + 9.0 * rng.beta(1.4, 1.6, n))).astype(np.int32)
        stay = (60 * np.clip(rng.lognormal(4.5, 0.6, n), 20, 420)).astype(np.int32)
        to_outing = travel_seconds(self._distance(work, outing))
        evening = (3600 * rng.uniform(16.5, 18.5, n)).astype(np.int32) - to_outing
        ready = np.where(at_festival, evening, ready)
        ready = np.where(goes_work, leave_work, ready)
        arrive_out = ready + to_outing
        leave_out = np.where(
            at_festival, (3600 * rng.uniform(21.0, 23.0, n)).astype(np.int32), arrive_out + stay
        )
        back = travel_seconds(self._distance(outing, tonight))
        leave_out = np.minimum(leave_out, LAST_SECOND - back)
        goes_out = goes_out & (leave_out >= arrive_out + SHORTEST_STAY)
        outing = np.where(goes_out, outing, work)

        # Start and end of a trip, or a new home: one journey in daytime.
        only = (tonight != night) & ~goes_work & ~goes_out
        daytime = (3600 * rng.uniform(7.0, 15.0, n)).astype(np.int32)
        first = np.where(goes_work, leave, np.where(goes_out, ready, daytime))
        first = np.where(goes_work | goes_out | only, first, whole_day)
        arrive_1 = np.where(goes_work, arrive_work, first)
        leave_1 = np.where(goes_work, leave_work, first)
        arrive_2 = np.where(goes_out, arrive_out, leave_1)
        leave_2 = np.where(goes_out, leave_out, leave_1)
        last = travel_seconds(self._distance(outing, tonight))
        arrive_3 = np.where(first < DAY, leave_2 + last, whole_day)
        places = tuple(p.astype(np.int32) for p in (night, work, outing, tonight))
        bounds = tuple(
            b.astype(np.int32) for b in (first, arrive_1, leave_1, arrive_2, leave_2, arrive_3)
        )
        return places, bounds, (goes_work, goes_out, first < DAY)

    def _finish(
        self,
        number: int,
        active: Flags,
        night_kind: NDArray[np.uint8],
        places: tuple[Places, ...],
        bounds: tuple[NDArray[np.int32], ...],
        used: tuple[Flags, Flags, Flags],
    ) -> tuple[Stops, Journeys]:
        """Close the stops that end today, open the next night's, and list the journeys."""
        people, base = self._people, number * DAY
        works, out, moved = (np.flatnonzero(flag & active) for flag in used)
        stops = [
            (moved, self._open_since[moved], base + bounds[0][moved], 0, night_kind[moved]),
            (works, base + bounds[1][works], base + bounds[2][works], 1, WORK),
            (out, base + bounds[3][out], base + bounds[4][out], 2, OTHER),
        ]
        self._open_since[moved] = base + bounds[5][moved]
        # The study or the time in the country ends: so do the stops that are open.
        ends = np.flatnonzero(active & (people.last_day == number))
        midnight = np.full(len(ends), base + DAY)
        stops.append((ends, self._open_since[ends], midnight, 3, self._sleep_kind[ends]))

        direct = np.flatnonzero(active & used[1] & ~used[0])
        after = np.flatnonzero(active & used[0] & used[1])
        # The way from the last slot in use: to it one has come, from it one leaves.
        journeys = [
            (works, bounds[0], bounds[1], 0, 1),
            (direct, bounds[0], bounds[3], 0, 2),
            (after, bounds[2], bounds[3], 1, 2),
            (moved, bounds[4], bounds[5], 2, 3),
        ]
        return (
            Stops(
                subscriber=np.concatenate([s[0] for s in stops]),
                arrived=np.concatenate([s[1] for s in stops]).astype(np.int64),
                left=np.concatenate([s[2] for s in stops]).astype(np.int64),
                place=np.concatenate([places[s[3]][s[0]] for s in stops]),
                kind=np.concatenate(
                    [np.broadcast_to(np.uint8(s[4]), s[0].shape) for s in stops]
                ).astype(np.uint8),
            ),
            Journeys(
                subscriber=np.concatenate([j[0] for j in journeys]),
                departed=np.concatenate([base + j[1][j[0]].astype(np.int64) for j in journeys]),
                arrived=np.concatenate([base + j[2][j[0]].astype(np.int64) for j in journeys]),
                origin=np.concatenate([places[j[3]][j[0]] for j in journeys]),
                target=np.concatenate([places[j[4]][j[0]] for j in journeys]),
            ),
        )

    def _weekday(self, number: int) -> int:
        """Weekday of a day number, Monday 0."""
        return (self._settings.start.weekday() + number) % 7

    def _distance(self, a: NDArray[np.integer], b: NDArray[np.integer]) -> Floats:
        """Straight distance in km between places."""
        country = self._country
        return np.hypot(
            country.place_x[a] - country.place_x[b], country.place_y[a] - country.place_y[b]
        )
