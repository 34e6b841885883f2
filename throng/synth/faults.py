"""Faults of a network and of its list of subscribers, on purpose and with a record of them.

Cells that are down for hours or days; machines, which use the network at regular intervals; and
SIMs that were cloned, which are at two places at once. None are made unless the settings ask for
them, and what else is drawn stays the same with them or without.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.synth.country import Country
from throng.synth.events import DATA, NO_COUNTERPART, STEPS, Events
from throng.synth.network import ANY_SECTOR, DAY, NEIGHBOURS, SECTORS, Network, State
from throng.synth.people import People
from throng.synth.settings import Settings

Cells = NDArray[np.int32]

#: Shortest and longest outage in hours; half of them are shorter than 20 hours.
SHORTEST_H, LONGEST_H = 4, 96
#: Of this share of the outages one cell of a site is down, of the others all.
SINGLE_CELL_SHARE = 0.4
#: Seconds from one event of a machine to the next, and by how many it is early or late.
INTERVALS, JITTER_S = (600, 900, 1800, 3600), 2
#: The second phone of a cloned SIM is at least so far from home, and makes so many events a day.
CLONE_KM, CLONE_EVENTS = 60.0, 8.0


@dataclass(frozen=True)
class Outage:
    """Cells that are down between two moments (seconds from the start of the study, half open).

    whole_site: all cells of the site are down, so that another site serves its phones.
    """

    site: int
    cells: tuple[int, ...]
    begins: int
    ends: int
    whole_site: bool


@dataclass(frozen=True)
class Machine:
    """A subscriber with an event each interval, at home."""

    subscriber: int
    interval: int


@dataclass(frozen=True)
class Clone:
    """A subscriber whose number is also used elsewhere."""

    subscriber: int
    place: int


@dataclass(frozen=True)
class Faults:
    """All faults of a study."""

    outages: tuple[Outage, ...] = ()
    machines: tuple[Machine, ...] = ()
    clones: tuple[Clone, ...] = ()


def plan_faults(settings: Settings, country: Country, network: Network, people: People) -> Faults:
    """Decide what fails and who is none of the people."""
    rng = np.random.default_rng([settings.seed, 9])
    odd = rng.permutation(people.n)[: settings.machines + settings.clones].tolist()
    intervals = rng.choice(INTERVALS, settings.machines).tolist()
    return Faults(
        outages=_plan_outages(rng, settings, network),
        machines=tuple(map(Machine, odd[: settings.machines], intervals)),
        clones=tuple(
            Clone(who, _far_place(rng, country, int(people.home[who])))
            for who in odd[settings.machines :]
        ),
    )


def apply_faults(
    faults: Faults, settings: Settings, network: Network, people: People, day: int, events: Events
) -> Events:
    """The events of a day as such a network records them, sorted by subscriber and second."""
    rng = np.random.default_rng([settings.seed, 10, day])
    parts = [events]
    if faults.machines:
        machines = np.array([machine.subscriber for machine in faults.machines])
        parts[0] = events.take(np.flatnonzero(~np.isin(events.subscriber, machines)))
    for machine in faults.machines:
        first = int(rng.integers(0, machine.interval))
        seconds = np.arange(first, DAY, machine.interval)
        seconds += rng.integers(-JITTER_S, JITTER_S + 1, len(seconds))
        home = int(people.home[machine.subscriber])
        parts.append(_sessions(rng, network, machine.subscriber, home, day, seconds))
    for clone in faults.clones:
        seconds = rng.integers(0, DAY, rng.poisson(CLONE_EVENTS))
        parts.append(_sessions(rng, network, clone.subscriber, clone.place, day, seconds))
    if len(parts) > 1:
        events = _alive(people, day, _sorted(Events.concat(parts)))
    for outage in faults.outages:
        _move_to_neighbours(outage, faults.outages, network, day, events)
    return events


def _plan_outages(
    rng: np.random.Generator, settings: Settings, network: Network
) -> tuple[Outage, ...]:
    """Outages of different sites, none of them the site that is down without being asked for."""
    length = settings.days * DAY
    sites = np.flatnonzero(network.n_cells == SECTORS)
    if network.outage:
        sites = sites[sites != network.outage[0]]
    outages = []
    for site in rng.permutation(sites)[: settings.outages].tolist():
        hours = int(np.clip(rng.lognormal(3.0, 0.9), SHORTEST_H, LONGEST_H))
        begins = int(rng.integers(0, max(1, length - hours * 3600)))
        first = int(network.first_cell[site])
        whole_site = bool(rng.random() >= SINGLE_CELL_SHARE)
        cells = range(first, first + SECTORS)
        if not whole_site:
            cells = [first + int(rng.integers(0, SECTORS))]
        ends = min(begins + hours * 3600, length)
        outages.append(Outage(site, tuple(cells), begins, ends, whole_site))
    return tuple(outages)


def _far_place(rng: np.random.Generator, country: Country, home: int) -> int:
    """A place far from home, or the farthest if none is."""
    away = np.hypot(
        country.place_x - country.place_x[home], country.place_y - country.place_y[home]
    )
    far = np.flatnonzero(away >= CLONE_KM)
    return int(rng.choice(far)) if len(far) else int(np.argmax(away))


def _sessions(
    rng: np.random.Generator,
    network: Network,
    subscriber: int,
    place: int,
    day: int,
    seconds: NDArray[np.int64],
) -> Events:
    """Data sessions of a subscriber at a place."""
    seconds = np.clip(seconds, 0, DAY - 1).astype(np.int32)
    n = len(seconds)
    cell = np.zeros(n, dtype=np.int32)
    for state in network.states:
        moment = seconds.astype(np.int64) + day * DAY
        cell[(moment >= state.begins) & (moment < state.ends)] = _cell_of(network, state, place)
    return Events(
        subscriber=np.full(n, subscriber, dtype=np.int32),
        day=np.full(n, day, dtype=np.int32),
        second=seconds,
        cell=cell,
        code=np.full(n, DATA, dtype=np.uint8),
        counterpart=np.full(n, NO_COUNTERPART, dtype=np.int32),
        amount=rng.integers(0, STEPS, n, dtype=np.uint16),
        flaw=np.zeros(n, dtype=np.uint8),
        place_in_file=seconds,
    )


def _cell_of(network: Network, state: State, place: int) -> int:
    """The cell that serves a place; at the foot of a site its first one."""
    site, sector = int(state.place_site[place]), int(state.place_sector[place])
    sector = 0 if sector == ANY_SECTOR else sector
    return int(network.first_cell[site]) + sector % int(network.n_cells[site])


def _sorted(events: Events) -> Events:
    """By subscriber and second, one event for each."""
    key = events.subscriber.astype(np.int64) * DAY + events.second
    return events.take(np.unique(key, return_index=True)[1])


def _alive(people: People, day: int, events: Events) -> Events:
    """Without those whose SIM is not yet or no longer in use."""
    return events.take(np.flatnonzero(people.are_subscribers(day)[events.subscriber]))


def _move_to_neighbours(
    outage: Outage, outages: tuple[Outage, ...], network: Network, day: int, events: Events
) -> None:
    """Serve the events of cells that are down by the next cell that is not. In place."""
    if outage.begins >= (day + 1) * DAY or outage.ends <= day * DAY:
        return
    moment = events.second.astype(np.int64) + day * DAY
    is_down = (moment >= outage.begins) & (moment < outage.ends)
    lost = np.flatnonzero(is_down & np.isin(events.cell, outage.cells))
    down = {
        cell
        for other in outages
        if other.begins < outage.ends and outage.begins < other.ends
        for cell in other.cells
    }
    for cell in outage.cells:
        rows = lost[events.cell[lost] == cell]
        for state in network.states:
            now = rows[(moment[rows] >= state.begins) & (moment[rows] < state.ends)]
            if len(now):
                events.cell[now] = _neighbour(network, state, outage, cell, down)


def _neighbour(network: Network, state: State, outage: Outage, cell: int, down: set[int]) -> int:
    """The other cells of the site, then those of the next sites that look this way."""
    first = int(network.first_cell[outage.site])
    choices = [first + (cell - first + turn) % SECTORS for turn in (1, 2)]
    for nth in range(NEIGHBOURS):
        site, sector = (int(t[outage.site, nth]) for t in (state.near_site, state.near_sector))
        choices.append(int(network.first_cell[site]) + sector % int(network.n_cells[site]))
    working = [choice for choice in choices if choice not in down]
    # Where everything around is down too, a phone would be silent; here the last one serves it.
    return working[0] if working else choices[-1]
