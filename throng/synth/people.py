"""Who lives where, works where, knows whom, and how much each one phones. Arrays per person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.synth.country import Country
from throng.synth.settings import Settings

Floats = NDArray[np.float64]
Places = NDArray[np.int32]
Flags = NDArray[np.bool_]

WORKER_SHARE = 0.62
ESSENTIAL_SHARE = 0.25
APPEAR_SHARE = VANISH_SHARE = 0.03
RELOCATE_SHARE = 0.025
OFF_NET_SHARE = 0.15
#: Spread of the phone activity (sigma of a lognormal); the most active, in medians.
ACTIVITY_SIGMA, ACTIVITY_MOST = 0.95, 40.0
#: How far apart the operator's shares of the market are (standard deviation of their log odds),
#: between areas of the second level and, within those, of the finest; and the lead in towns.
SHARE_SPREAD, SHARE_SPREAD_WITHIN, SHARE_LEAD_IN_TOWNS = 0.5, 0.25, 0.5
#: Reach of daily life: how fast work places and haunts thin out with distance (km).
WORK_REACH_KM, HAUNT_REACH_KM = 9.0, 6.0


@dataclass
class People:
    """One entry per person. Places are indices into the country's places.

    home, work, haunts (n, 3: two near home, one in a town); new_home and new_work from day
    move_day on (move_day = days: never); first_day, last_day: the days in the country, inclusive;
    sim_from, sim_to: those as a subscriber of the operator (sim_from > sim_to: never).
    works (n, 7): on which weekdays; leave_at, back_at: usual seconds of the day. rate: events per
    day; data_share of them data sessions. weekday_outing, weekend_outing, trip: chances per day.
    contact_start[i]:contact_start[i + 1] are the contacts of i, the closest first; contact is an
    index into ids, where off-net numbers follow the subscribers.
    """

    ids: NDArray[np.bytes_]
    home: Places
    work: Places
    haunts: Places
    new_home: Places
    new_work: Places
    move_day: NDArray[np.int32]
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    sim_from: NDArray[np.int32]
    sim_to: NDArray[np.int32]
    works: Flags
    essential: Flags
    leave_at: NDArray[np.int32]
    back_at: NDArray[np.int32]
    rate: Floats
    data_share: NDArray[np.float32]
    weekday_outing: Floats
    weekend_outing: Floats
    trip: Floats
    contact_start: NDArray[np.int64]
    contact: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.home)

    def are_subscribers(self, day: int) -> Flags:
        """Who is a subscriber of the operator on a day."""
        return (self.sim_from <= day) & (day <= self.sim_to)


class Gravity:
    """Draws places that attract by weight and repel by distance, area by area.

    reach is the distance in km at which the pull of an area falls to 1/e.
    """

    def __init__(self, country: Country, reach: float) -> None:
        weight = country.place_weight
        n = len(country.area_start) - 1
        heads = np.bincount(country.place_area, weights=weight, minlength=n)
        x = np.bincount(country.place_area, weights=weight * country.place_x) / heads
        y = np.bincount(country.place_area, weights=weight * country.place_y) / heads
        away = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
        pull = heads[None, :] * np.exp(-away / reach) + 1e-12
        pull /= pull.sum(axis=1, keepdims=True)
        rows = np.cumsum(pull, axis=1)
        rows[:, -1] = 1.0
        self._n = n
        # One ascending array for all rows, so that one search serves everybody.
        self._areas = (rows + np.arange(n)[:, None]).ravel()
        self._cumulated = np.concatenate([[0.0], np.cumsum(weight)])
        self._start = country.area_start

    def area(self, rng: np.random.Generator, origin: NDArray[np.integer]) -> NDArray[np.int64]:
        """An area for each area of origin."""
        found = np.searchsorted(self._areas, origin + rng.random(len(origin)), side="right")
        return np.minimum(found - origin * self._n, self._n - 1).astype(np.int64)

    def place(self, rng: np.random.Generator, area: NDArray[np.integer]) -> Places:
        """A place in each area, by weight."""
        low = self._cumulated[self._start[area]]
        high = self._cumulated[self._start[area + 1]]
        drawn = low + rng.random(len(area)) * (high - low)
        found = np.searchsorted(self._cumulated, drawn, side="right") - 1
        return np.clip(found, self._start[area], self._start[area + 1] - 1).astype(np.int32)


def build_people(settings: Settings, country: Country) -> People:
    """Draw the people, and who of them is a subscriber."""
    rng = np.random.default_rng([settings.seed, 3])
    n, days = settings.n_people, settings.days
    area_of = country.place_area
    near, around = Gravity(country, WORK_REACH_KM), Gravity(country, HAUNT_REACH_KM)
    home = _by_weight(rng, country.place_weight, n)
    work = near.place(rng, near.area(rng, area_of[home]))
    haunts = np.empty((n, 3), dtype=np.int32)
    haunts[:, 0] = around.place(rng, area_of[home])
    haunts[:, 1] = around.place(rng, around.area(rng, area_of[home]))
    haunts[:, 2] = _town_places(rng, country, home)

    # Somebody may arrive late or leave early, or move house, but not all of it.
    fate = rng.random(n)
    first_day = np.zeros(n, dtype=np.int32)
    last_day = np.full(n, days - 1, dtype=np.int32)
    move_day = np.full(n, days, dtype=np.int32)
    new_home, new_work = home.copy(), work.copy()
    if days > 1:
        appears = fate < APPEAR_SHARE
        vanishes = ~appears & (fate < APPEAR_SHARE + VANISH_SHARE)
        first_day[appears] = rng.integers(1, days, appears.sum())
        last_day[vanishes] = rng.integers(0, days - 1, vanishes.sum())
        movers = np.flatnonzero(fate > 1.0 - RELOCATE_SHARE)
        target = _by_weight(rng, country.place_weight, len(movers))
        movers = movers[area_of[target] != area_of[home[movers]]]
        target = _by_weight(rng, country.place_weight, len(movers))
        elsewhere = area_of[target] != area_of[home[movers]]
        movers, target = movers[elsewhere], target[elsewhere]
        # In the middle of the study, so that both homes can be seen.
        early, late = max(1, int(days * 0.2)), max(2, int(days * 0.8))
        move_day[movers] = rng.integers(early, late, len(movers))
        new_home[movers] = target
        new_work[movers] = near.place(rng, near.area(rng, area_of[target]))

    worker = rng.random(n) < WORKER_SHARE
    shift = rng.random(n) < 0.15
    off = rng.integers(0, 7, n)
    weekday = np.arange(7)
    works = np.where(
        shift[:, None],
        (weekday[None, :] != off[:, None]) & (weekday[None, :] != (off[:, None] + 1) % 7),
        weekday[None, :] < 5,
    )
    works &= worker[:, None]
    leave_at = (7.3 * 3600 + 3600 * np.clip(rng.normal(0, 1.0, n), -2.5, 3.0)).astype(np.int32)
    back_at = (leave_at + 3600 * np.clip(rng.normal(9.0, 1.0, n), 5.0, 11.0)).astype(np.int32)

    rate = np.minimum(rng.lognormal(0, ACTIVITY_SIGMA, n), ACTIVITY_MOST)
    rate *= settings.events_per_day / rate.mean()
    mobile = rng.gamma(2.0, 0.5, n)
    start, contact = _contacts(rng, home)
    ids = _numbers(rng, n)
    sim_from, sim_to = first_day, last_day
    if settings.market_share is not None:
        # Who would have come or gone comes to the operator or leaves it; all stay in the country.
        sim_from, sim_to = _customers(settings, country, home, first_day, last_day)
        first_day, last_day = np.zeros_like(first_day), np.full_like(last_day, days - 1)
        ids = _numbers_of_others(ids, sim_from > sim_to)
    return People(
        ids=ids,
        home=home,
        work=work,
        haunts=haunts,
        new_home=new_home,
        new_work=new_work,
        move_day=move_day,
        first_day=first_day,
        last_day=last_day,
        sim_from=sim_from,
        sim_to=sim_to,
        works=works,
        essential=rng.random(n) < ESSENTIAL_SHARE,
        leave_at=leave_at,
        back_at=back_at,
        rate=rate,
        data_share=rng.beta(1.6, 1.9, n).astype(np.float32),
        weekday_outing=np.minimum(0.34 * mobile, 0.9),
        weekend_outing=np.minimum(0.62 * mobile, 0.95),
        trip=np.minimum(0.016 * mobile, 0.2),
        contact_start=start,
        contact=contact,
    )


def _customers(
    settings: Settings,
    country: Country,
    home: Places,
    first_day: NDArray[np.int32],
    last_day: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """First and last day of each person as a subscriber; the first after the last for others."""
    rng = np.random.default_rng([settings.seed, 11])
    area = country.place_area[home]
    to_admin2 = country.finest.parent
    lead = np.zeros(len(to_admin2))
    lead[country.place_area[country.town_place]] = SHARE_LEAD_IN_TOWNS
    odds = lead + rng.normal(0, SHARE_SPREAD_WITHIN, len(to_admin2))
    odds += rng.normal(0, SHARE_SPREAD, len(country.levels[1].ids))[to_admin2]
    joins = rng.random(len(home)) < _chances(odds[area], settings.market_share or 1.0)
    leaves = joins & (last_day == settings.days - 1)
    odds = rng.normal(0, SHARE_SPREAD, len(country.levels[1].ids))[to_admin2]
    leaves &= rng.random(len(home)) < _chances(odds[area], settings.lost_customers)
    sim_to = last_day.copy()
    sim_to[leaves] = rng.integers(settings.days // 2, settings.days, leaves.sum()) - 1
    return np.where(joins, first_day, settings.days).astype(np.int32), sim_to


def _chances(odds: Floats, mean: float) -> Floats:
    """Chances with these differences of log odds, and with this mean."""
    if mean in (0.0, 1.0):
        return np.full(len(odds), mean)
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        chances = 1 / (1 + np.exp(-(odds + middle)))
        low, high = (middle, high) if chances.mean() < mean else (low, middle)
    return chances


def off_net(n: int) -> int:
    """How many numbers of other operators n subscribers know."""
    return n // 4 + 10


def _by_weight(rng: np.random.Generator, weight: Floats, n: int) -> Places:
    """n places by weight."""
    drawn = np.searchsorted(np.cumsum(weight), rng.random(n), side="right")
    return np.minimum(drawn, len(weight) - 1).astype(np.int32)


def _town_places(rng: np.random.Generator, country: Country, home: Places) -> Places:
    """For each home a place in the middle of one of the two nearest towns."""
    towns = country.town_place
    away = np.hypot(
        country.place_x[:, None] - country.place_x[towns][None, :],
        country.place_y[:, None] - country.place_y[towns][None, :],
    )
    ranked = np.argsort(away, axis=1, kind="stable")[:, :2]
    second = (rng.random(len(home)) < 0.25) & (ranked.shape[1] > 1)
    town = ranked[home, second.astype(np.int64)]
    area = country.place_area[towns[town]]
    # Any place of that area: its index is its rank from the first one.
    first, last = country.area_start[area], country.area_start[area + 1]
    return (first + rng.random(len(home)) * (last - first)).astype(np.int32)


def _numbers(rng: np.random.Generator, n: int) -> NDArray[np.bytes_]:
    """Phone numbers of a country code that belongs to nobody: n subscribers, then off-net ones."""
    own = rng.choice(10_000_000, n, replace=False)
    other = rng.choice(10_000_000, off_net(n), replace=False)
    # After the country code: the operator's 70 or another's 60, and seven digits.
    digits = np.concatenate([own + 700_000_000, other + 600_000_000])
    return np.char.add(b"+999", digits.astype("S9"))


def _numbers_of_others(ids: NDArray[np.bytes_], are_others: Flags) -> NDArray[np.bytes_]:
    """The numbers, with those of people of other operators in a range of their own."""
    ids = ids.copy()
    others = np.flatnonzero(are_others)
    digits = np.array([number[-7:] for number in ids[others]], dtype="S7")
    ids[others] = np.char.add(b"+99965", digits)
    return ids


def _contacts(
    rng: np.random.Generator, home: Places
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """3 to 15 contacts each: most live near, some anywhere, some at another operator."""
    n = len(home)
    count = np.clip(2 + rng.geometric(0.2, n), 3, 15)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    who = np.repeat(np.arange(n), count)
    # Places are sorted by area, so neighbours in this order live near each other.
    by_home = np.argsort(home, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[by_home] = np.arange(n)
    step = np.rint(rng.laplace(0, max(4.0, min(60.0, n / 100)), len(who))).astype(np.int64)
    step[step == 0] = 1
    contact = by_home[(rank[who] + step) % n]
    anywhere = rng.random(len(who)) < 0.2
    contact[anywhere] = rng.integers(0, n, anywhere.sum())
    contact[contact == who] = (who[contact == who] + 1) % n
    other = rng.random(len(who)) < OFF_NET_SHARE
    contact[other] = n + rng.integers(0, off_net(n), other.sum())
    return start, contact.astype(np.int32)
