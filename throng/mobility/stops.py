"""Stops of phones from the sites that served them. The rules, with reasons: docs/definitions.md.

Everything is flat: the events of all traces one after the other, and offsets that say where each
trace begins. The kernel is compiled (throng/mobility/compiled.py) and sees one trace at a time,
so nothing in a trace depends on what else is in the batch. Compiled functions call each other only
within a file, so all of them are here: in the order of the rules, _find_all at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from throng.mobility.compiled import compiled

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

EARTH_RADIUS_KM = 6371.0088
MICROSECONDS_PER_MINUTE = 60_000_000
#: No cell number is known. The largest one, so that of two equal events the known cell counts.
NO_CELL = np.iinfo(np.int32).max
#: An unknown time.
NO_TIME = np.iinfo(np.int64).min
#: A detour has at most this many changes of site, so that time grows with events, not their square.
MOST_CHANGES = 32
#: No phone is served from farther away: the timing of GSM ends here (ETSI TS 100 912).
SITE_REACH_KM = 35.0
#: What it costs to say that the phone moved, when an event served from elsewhere costs 1: the
#: first straight after the event before, the second after SLOW_HOURS and more, linear in between.
QUICK_MOVE_COST, SLOW_MOVE_COST, SLOW_HOURS = 1.6, 0.7, 3.0
#: A stay proves that the phone was there if it has this many events at its own sites.
PROOF_EVENTS = 3
#: The outermost events of a stop are in doubt: so many, if those further in come so soon.
DOUBTFUL_EVENTS, CONFIRM_MINUTES = 2, 120.0

#: A routine has who has events on so many days; its places are seen on so many of them.
ROUTINE_DAYS, PLACE_DAYS, MOST_PLACES = 5, 2, 8
NO_ROUTINE_DAYS = np.iinfo(np.int64).max
#: They speak in silences longer than this.
SILENCE_HOURS = 2
#: A stay that its own events do not show must be likely to have lasted so long.
INFERRED_HOURS = 2
#: An hour of being at a place costs this, times how seldom (-ln of the share) one is there then.
ROUTINE_WEIGHT = 0.3
#: How far an event speaks for the hours around it, and for the other sort of day.
ROUTINE_HOURS, OTHER_DAY_SHARE = 2.0, 0.2
#: Where little was seen, what is usual at any hour counts as this share of all events; of it,
#: unknown places have this share.
DOUBT_SHARE, ELSEWHERE_SHARE = 0.02, 0.1
#: Beyond such a silence nothing is inferred.
LONGEST_SILENCE_DAYS = 7

MEAN, MEDIAN, MEDOID, TIME_MEAN = range(4)
HOUR = 60 * MICROSECONDS_PER_MINUTE
MONDAY, SATURDAY = 3, 5  # 1970 began on a Thursday, three days after a Monday


@dataclass(frozen=True)
class Events:
    """Events of all traces, trace after trace.

    offsets: (traces + 1,), trace i is offsets[i]:offsets[i + 1]. event_us: microseconds since
    1970. longitude, latitude: degrees. cell_number: NO_CELL for none. All but offsets: (events,).
    """

    offsets: Longs
    event_us: Longs
    longitude: Floats
    latitude: Floats
    cell_number: Ints


@dataclass(frozen=True)
class Rules:
    """What a stop is: one entry per trace each, shape (traces,).

    radius_km: a place reaches so far. min_stay_minutes: a stop that lasts so long is a stay.
    max_gap_minutes: silence longer than this ends a stop. pingpong_minutes, pingpong_km: who is
    back within this time from sites nearer than this has not moved.
    """

    radius_km: Floats
    min_stay_minutes: Floats
    max_gap_minutes: Floats
    pingpong_minutes: Floats
    pingpong_km: Floats


@dataclass(frozen=True)
class Stops:
    """Stops of all traces, trace after trace, in order of time.

    offsets: (traces + 1,). The others: (stops,). is_stay: else a pass-by. Times in microseconds,
    NO_TIME where unknown; n_events: all that the stop accounts for, those of detours too, 0 where
    routine alone speaks for it; centre in degrees; cell_number NO_CELL where no event had one.
    likely_arrived_at, likely_left_at: the best guess, within the bounds. is_inferred: it rests on
    routine: its own events do not last as long as a stay, or a long silence lies between them.
    """

    offsets: Longs
    is_stay: Flags
    arrived_after: Longs
    arrived_at: Longs
    left_at: Longs
    left_before: Longs
    n_events: Ints
    longitude: Floats
    latitude: Floats
    cell_number: Ints
    likely_arrived_at: Longs
    likely_left_at: Longs
    is_inferred: Flags


def find_stops(
    events: Events, rules: Rules, centre: int = MEAN, uses_routine: bool = True
) -> Stops:
    """Find the stops of each trace.

    Args:
        events: in any order within a trace; equal ones (instant and coordinates) count once.
        rules: one entry per trace; distances and times not negative.
        centre: how the centre of a stop is computed.
        uses_routine: whether routine speaks in silences; without, events alone make the stops.

    Returns:
        The stops; together they hold each distinct event exactly once.
    """
    events = _read_only(in_order(_read_only(events)))
    n_traces, n = len(events.offsets) - 1, len(events.event_us)
    stop_offsets = np.zeros(n_traces + 1, np.int64)
    # Stops without events lie in silences, at most one an hour.
    n += _hours_of_silence(events.event_us)
    times, degrees = np.empty((6, n), np.int64), np.empty((2, n))
    counts, flags = np.empty((2, n), np.int32), np.empty((2, n), np.bool_)
    reach_km = np.full(n_traces, SITE_REACH_KM)
    chords = np.stack([_chord(km) for km in (rules.radius_km, rules.pingpong_km, reach_km)], axis=1)
    spans = np.stack(
        [
            _microseconds(minutes)
            for minutes in (rules.min_stay_minutes, rules.max_gap_minutes, rules.pingpong_minutes)
        ],
        axis=1,
    )
    n_stops = _find_all(
        *(getattr(events, field.name) for field in fields(Events)),
        *(chords, spans, centre, ROUTINE_DAYS if uses_routine else NO_ROUTINE_DAYS),
        *(stop_offsets, flags, times, degrees, counts),
    )
    # Copies, so that the room for stops that are not there is given back.
    is_stay, is_inferred = (row[:n_stops].copy() for row in flags)
    arrived_after, arrived_at, left_at, left_before, likely_arrived_at, likely_left_at = (
        row[:n_stops].copy() for row in times
    )
    n_events, cell_number = (row[:n_stops].copy() for row in counts)
    longitude, latitude = (row[:n_stops].copy() for row in degrees)
    return Stops(
        *(stop_offsets, is_stay, arrived_after, arrived_at, left_at, left_before),
        *(n_events, longitude, latitude, cell_number),
        *(likely_arrived_at, likely_left_at, is_inferred),
    )


def _read_only(events: Events) -> Events:
    """The same arrays, not to be written.

    Those of Arrow are so already. Of both kinds each would be compiled for, which takes 15 seconds.
    """
    arrays = [np.ascontiguousarray(getattr(events, field.name)).view() for field in fields(Events)]
    for array in arrays:
        array.flags.writeable = False
    return Events(*arrays)


def in_order(events: Events) -> Events:
    """Sort each trace by time, cell number, place; drop all but one of equal events."""
    is_ascending, is_shared = _look_at_times(events.offsets, events.event_us)
    if is_ascending and not is_shared.any():
        return events
    n_traces, when, cell = len(events.offsets) - 1, events.event_us, events.cell_number
    trace = np.repeat(np.arange(n_traces), np.diff(events.offsets))
    # Adding zero makes -0.0 and 0.0 one place.
    longitude, latitude = events.longitude + 0.0, events.latitude + 0.0

    def sort(rows: Longs, *keys: NDArray) -> Longs:
        return rows[np.lexsort([key[rows] for key in keys])]

    # To sort is slower than all that follows, so of ordered traces only what shares an instant.
    unsorted = np.flatnonzero(is_shared) if is_ascending else np.arange(len(when))
    by_place = sort(unsorted, cell, latitude, longitude, when, trace)
    is_copy = np.zeros(len(when), np.bool_)
    is_copy[by_place[1:]] = np.logical_and.reduce(
        [
            column[by_place[1:]] == column[by_place[:-1]]
            for column in (trace, when, longitude, latitude)
        ]
    )
    order = np.arange(len(when))
    order[unsorted] = sort(unsorted, latitude, longitude, cell, when, trace)
    order = order[~is_copy[order]]
    sizes = np.bincount(trace[order], minlength=n_traces)
    return Events(
        offsets_of(sizes),
        when[order],
        longitude[order],
        latitude[order],
        cell[order],
    )


def offsets_of(sizes: NDArray[np.integer]) -> Longs:
    """Where each of some runs of these sizes begins, and the end: shape (runs + 1,)."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _chord(kilometres: Floats) -> Floats:
    """The straight line through a sphere of radius 1 that spans a distance on the Earth."""
    half_angle = np.clip(kilometres / EARTH_RADIUS_KM / 2, 0, np.pi / 2)
    return 2 * np.sin(half_angle)


def _microseconds(minutes: Floats) -> Longs:
    return np.rint(np.clip(minutes, 0, 1e11) * MICROSECONDS_PER_MINUTE).astype(np.int64)


def _hours_of_silence(when: Longs) -> int:
    """At least the number of full hours that lie between two events of a trace."""
    hours = np.diff(when // HOUR)
    return int(hours[(hours > 0) & (hours <= 24 * LONGEST_SILENCE_DAYS + 1)].sum())


@compiled
def _look_at_times(offsets: Longs, when: Longs) -> tuple[bool, Flags]:
    """Whether every trace is in order of time, and which events share their instant."""
    is_ascending = True
    is_shared = np.zeros(len(when), np.bool_)
    for trace in range(len(offsets) - 1):
        for event in range(offsets[trace] + 1, offsets[trace + 1]):
            is_ascending &= when[event - 1] <= when[event]
            if when[event - 1] == when[event]:
                is_shared[event - 1] = is_shared[event] = True
    return is_ascending, is_shared


@compiled
def _number_sites(longitude: Floats, latitude: Floats) -> tuple[Longs, Longs]:
    """Number distinct coordinates in order of appearance: site of each event, first event of each.

    A hash table with open addressing; equal coordinates are one site.
    """
    n = len(longitude)
    size = 16
    while size < 2 * n:
        size *= 2
    slots = np.full(size, -1, np.int64)
    site = np.empty(n, np.int64)
    first = np.empty(n, np.int64)
    n_sites = 0
    for event in range(n):
        if event:
            is_same = longitude[event] == longitude[event - 1]
            if is_same and latitude[event] == latitude[event - 1]:
                site[event] = site[event - 1]
                continue
        # Degrees to about a hundredth of a millimetre; the products may wrap around.
        key = np.int64(longitude[event] * 1e7) * np.int64(7046029254386353131)
        key ^= np.int64(latitude[event] * 1e7) * np.int64(3202034522624059733)
        slot = ((key ^ (key >> 29) ^ (key >> 43)) * np.int64(5871781006564002453) >> 20) & (
            size - 1
        )
        while slots[slot] >= 0:
            seen = first[slots[slot]]
            if longitude[seen] == longitude[event] and latitude[seen] == latitude[event]:
                break
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = n_sites
            first[n_sites] = event
            n_sites += 1
        site[event] = slots[slot]
    return site, first[:n_sites]


@compiled
def _settle_pingpong(
    when: Longs, site: Longs, position: Floats, longest: int, nearest: float
) -> Longs:
    """Give events of a quick detour the site that the phone was at before and after."""
    n = len(when)
    at = site.copy()
    event = 0
    while event < n - 1:
        home = site[event]
        ahead = event + 1
        changes = 0
        back = -1
        while ahead < n and when[ahead] - when[event] <= longest and changes <= MOST_CHANGES:
            if site[ahead] == home:
                back = ahead
                break
            if not _chord_between(position, home, site[ahead]) < nearest:
                break
            if site[ahead] != site[ahead - 1]:
                changes += 1
            ahead += 1
        if back < 0:
            event += 1
        else:
            at[event + 1 : back] = home
            event = back
    return at


@compiled
def _chord_between(position: Floats, one: int, other: int) -> float:
    return _chord_from(position[one], position, other)


@compiled
def _chord_from(point: Floats, position: Floats, site: int) -> float:
    x = point[0] - position[site, 0]
    y = point[1] - position[site, 1]
    z = point[2] - position[site, 2]
    return np.sqrt(x * x + y * y + z * z)


@compiled
def _add_place(position: Floats, site: int, total: Floats) -> None:
    # By hand: arrays of three, made for every event, took half of the time.
    for axis in range(3):
        total[axis] += position[site, axis]


@compiled
def _put_direction(total: Floats, centre: Floats) -> None:
    """Write the point of the unit sphere that lies in the direction of a sum (3,)."""
    length = np.sqrt(total[0] * total[0] + total[1] * total[1] + total[2] * total[2])
    for axis in range(3):
        centre[axis] = total[axis] / length


@compiled
def _add_member(site: int, weight: float, members: Longs, weights: Floats, n_members: int) -> int:
    for member in range(n_members):
        if members[member] == site:
            weights[member] += weight
            return n_members
    members[n_members] = site
    weights[n_members] = weight
    return n_members + 1


@compiled
def _put_centre(
    kind: int, position: Floats, members: Longs, weights: Floats, n_members: int, centre: Floats
) -> None:
    """Write the centre of some weighted sites, a point on the unit sphere, into centre (3,)."""
    if kind == MEDOID:
        best = np.inf
        for candidate in range(n_members):
            cost = 0.0
            for member in range(n_members):
                away = _chord_between(position, members[candidate], members[member])
                cost += weights[member] * away
            if cost < best:
                best = cost
                centre[:] = position[members[candidate]]
        return
    for axis in range(3):
        if kind == MEDIAN:
            values = np.empty(n_members)
            for member in range(n_members):
                values[member] = position[members[member], axis]
            order = np.argsort(values)
            half = weights[:n_members].sum() / 2
            passed = 0.0
            for place in order:
                passed += weights[place]
                if passed >= half:
                    centre[axis] = values[place]
                    break
        else:
            total = 0.0
            for member in range(n_members):
                total += weights[member] * position[members[member], axis]
            centre[axis] = total
    centre /= np.sqrt((centre * centre).sum())


@compiled
def _known_places(
    when: Longs, at: Longs, position: Floats, radius: float, routine_days: int
) -> Longs:
    """The sites to which somebody returns, those of most days first; none is near another.

    Of as many days, the site with more events, then the one seen first.
    """
    n_sites = len(position)
    days, counts = np.zeros(n_sites, np.int64), np.zeros(n_sites, np.int64)
    last_day = np.full(n_sites, NO_TIME)
    n_days, today = 0, NO_TIME
    for event in range(len(when)):
        day = when[event] // (24 * HOUR)
        if day != today:
            n_days += 1
            today = day
        site = at[event]
        counts[site] += 1
        if last_day[site] != day:
            days[site] += 1
            last_day[site] = day
    places = np.empty(MOST_PLACES, np.int64)
    n_places = 0
    while n_days >= routine_days and n_places < MOST_PLACES:
        best = -1
        for site in range(n_sites):
            if days[site] >= PLACE_DAYS and (
                best < 0
                or days[site] > days[best]
                or (days[site] == days[best] and counts[site] > counts[best])
            ):
                best = site
        if best < 0:
            break
        places[n_places] = best
        n_places += 1
        for site in range(n_sites):
            if not _chord_between(position, best, site) > radius:
                days[site] = 0
    return places[:n_places]


@compiled
def _distances_to(places: Longs, position: Floats, radius: float, reach: float) -> Ints:
    """For each site and place: 0 within radius, 1 within reach, 2 beyond. Shape (sites, places)."""
    steps = np.empty((len(position), len(places)), np.int32)
    for site in range(len(position)):
        for place in range(len(places)):
            away = _chord_between(position, places[place], site)
            steps[site, place] = 0 if away <= radius else 1 if away <= reach else 2
    return steps


@compiled
def _place_of(steps: Ints, site: int) -> int:
    """The first known place that a site belongs to; the number of places if it is none's."""
    n_places = steps.shape[1]
    for place in range(n_places):
        if steps[site, place] == 0:
            return place
    return n_places


@compiled
def _routine(when: Longs, at: Longs, steps: Ints) -> Floats:
    """What an hour costs at each place, by sort of day and hour, shape (2, 24, places + 1).

    The last column is for all places that are not known. Cheap is where somebody mostly is at that
    hour: the share of events there, smoothed over the hours around and a little over the other sort
    of day (Monday to Friday, weekend).
    """
    n_places = steps.shape[1]
    counts = np.zeros((2, 24, n_places + 1))
    totals = np.zeros(n_places + 1)
    doubt = DOUBT_SHARE * len(when)
    for event in range(len(when)):
        place = _place_of(steps, at[event])
        counts[_kind_of_day(when[event]), when[event] // HOUR % 24, place] += 1.0
        totals[place] += 1.0
    widest = int(3 * ROUTINE_HOURS)
    weights = np.exp(-(((np.arange(2 * widest + 1) - widest) / ROUTINE_HOURS) ** 2) / 2)
    smooth = np.zeros((2, 24, n_places + 1))
    for kind in range(2):
        for hour in range(24):
            for place in range(n_places + 1):
                if counts[kind, hour, place] > 0:
                    for step in range(2 * widest + 1):
                        other = (hour + step - widest) % 24
                        weight = counts[kind, hour, place] * weights[step]
                        smooth[kind, other, place] += weight
                        smooth[1 - kind, other, place] += OTHER_DAY_SHARE * weight
    cost = np.empty((2, 24, n_places + 1))
    for kind in range(2):
        for hour in range(24):
            total = smooth[kind, hour].sum() + doubt
            for place in range(n_places + 1):
                expected = (totals[place] + 0.5) / (len(when) + 0.5 * (n_places + 1))
                seen = smooth[kind, hour, place]
                if place == n_places:
                    expected = ELSEWHERE_SHARE
                    seen *= ELSEWHERE_SHARE
                share = (seen + doubt * expected) / total
                cost[kind, hour, place] = -ROUTINE_WEIGHT * np.log(share)
    return cost


@compiled
def _kind_of_day(when: int) -> int:
    return 1 if (when // (24 * HOUR) + MONDAY) % 7 >= SATURDAY else 0


@compiled
def _most_plausible(
    when: Longs,
    site: Longs,
    position: Floats,
    radius: float,
    reach: float,
    gap: int,
    places: Longs,
) -> tuple[Longs, Longs, Longs, Longs, Ints]:
    """Give each event the place of the cheapest course of the phone (Viterbi's algorithm).

    An event within radius of the place costs nothing, one within reach of it 1, one beyond cannot
    be. A move costs more the quicker it is. Places are sites, and a visit begins with an event at
    its place; but one of a known place may begin at any event and at any full hour of a silence,
    and each hour costs what routine says. Without known places nothing costs but events and moves,
    and after a gap all is open. A state that is dearer than the cheapest by a move or more can be
    forgotten, so few are open at a time.

    Returns the place of each event (a site), and of each visit: first event (and one entry more,
    the number of events), when it begins (NO_TIME for the first one of all, and beyond a gap), its
    site, its known place (-1 for none). A visit without events has the first event of the next.
    """
    n, n_known = len(when), len(places)
    steps = _distances_to(places, position, radius, reach)
    costs = _routine(when, site, steps) if n_known else np.empty((2, 24, 1))
    longest = max(gap, LONGEST_SILENCE_DAYS * 24 * HOUR) if n_known else gap
    n_entries = n + 1
    for event in range(n):
        wait = when[event] - when[event - 1] if event else 0
        hours = when[event] // HOUR - when[event - 1] // HOUR if event else 0
        is_silence = SILENCE_HOURS * HOUR < wait <= longest
        n_entries += n_known * (1 + (hours if is_silence else 0))
    # Each entry begins a visit: its place, its first event, its time, the entry of the one before.
    visit_site, visit_first = np.empty(n_entries, np.int64), np.empty(n_entries, np.int64)
    visit_begin, visit_before = np.empty(n_entries, np.int64), np.empty(n_entries, np.int64)
    visit_known = np.empty(n_entries, np.int32)
    n_visits = 0
    # The states: the known places, then those that an event opened.
    n_states = n + n_known
    place, cost = np.empty(n_states, np.int64), np.full(n_states, np.inf)
    visit = np.full(n_states, -1, np.int64)
    place[:n_known] = places
    n_open = n_known
    best = -1
    for event in range(n):
        here = site[event]
        wait = when[event] - when[event - 1] if event else 0
        is_start = event == 0 or wait > longest
        slowness = min(1.0, wait / (SLOW_HOURS * HOUR))
        move = QUICK_MOVE_COST + slowness * (SLOW_MOVE_COST - QUICK_MOVE_COST)
        is_silence = n_known > 0 and not is_start and wait > SILENCE_HOURS * HOUR
        farthest = 1 if is_silence else 0
        before = when[event] if is_start else when[event - 1]
        is_event = False
        while not is_event:
            now = when[event]
            if is_silence:
                now = min(now, (before // HOUR + 1) * HOUR)
            is_event = now == when[event]
            hours = (now - before) / HOUR if is_silence else 0.0
            middle = NO_TIME if is_start else (before + now) // 2
            kind, hour = _kind_of_day(before), before // HOUR % 24
            enter, entry_before = 0.0, -1
            if event:
                enter, entry_before = cost[best] + move, visit[best]
            if is_start:
                cost[:n_known] = np.inf
            if is_start or (event and now - when[event - 1] > gap):
                n_open = n_known
            at_place = -1
            for state in range(n_known):
                if enter < cost[state] and not (is_event and steps[here, state] > farthest):
                    cost[state], visit[state] = enter, n_visits
                    visit_site[n_visits], visit_first[n_visits] = place[state], event
                    visit_begin[n_visits], visit_before[n_visits] = middle, entry_before
                    visit_known[n_visits] = state
                    n_visits += 1
                cost[state] += hours * costs[kind, hour, state]
                if is_event:
                    if steps[here, state] == 2:
                        cost[state] = np.inf
                    elif steps[here, state] == 1:
                        cost[state] += 1.0
                    elif at_place < 0 or cost[state] < cost[at_place]:
                        at_place = state
            is_known = at_place >= 0
            elsewhere = hours * costs[kind, hour, n_known] if n_known else 0.0
            for state in range(n_known, n_open):
                cost[state] += elsewhere
                if is_event:
                    away = _chord_between(position, place[state], here)
                    if away > reach:
                        cost[state] = np.inf
                    elif away > radius:
                        cost[state] += 1.0
                    elif at_place < 0 or cost[state] < cost[at_place]:
                        at_place = state
            if is_event and not is_known and (at_place < 0 or enter + elsewhere < cost[at_place]):
                if at_place < 0:
                    at_place = n_open
                    n_open += 1
                place[at_place], cost[at_place] = here, enter + elsewhere
                visit[at_place] = n_visits
                visit_site[n_visits], visit_first[n_visits] = here, event
                visit_begin[n_visits], visit_before[n_visits] = middle, entry_before
                visit_known[n_visits] = -1
                n_visits += 1
            best = 0
            for state in range(1, n_open):
                if cost[state] < cost[best]:
                    best = state
            lowest = cost[best]
            for state in range(n_known):
                cost[state] -= lowest
            n_kept = n_known
            for state in range(n_known, n_open):
                if cost[state] - lowest < QUICK_MOVE_COST:
                    if state == best:
                        best = n_kept
                    place[n_kept], visit[n_kept] = place[state], visit[state]
                    cost[n_kept] = cost[state] - lowest
                    n_kept += 1
            n_open = n_kept
            before = now
    return _course(
        site,
        position,
        radius,
        visit[best] if n else -1,
        visit_site,
        visit_first,
        visit_begin,
        visit_known,
        visit_before,
    )


@compiled
def _course(
    site: Longs,
    position: Floats,
    radius: float,
    entry: int,
    visit_site: Longs,
    visit_first: Longs,
    visit_begin: Longs,
    visit_known: Ints,
    visit_before: Longs,
) -> tuple[Longs, Longs, Longs, Longs, Ints]:
    """The visits that lead to an entry, in order of time, and the place of each event."""
    n_visits, other = 0, entry
    while other >= 0:
        n_visits += 1
        other = visit_before[other]
    first, begin = np.empty(n_visits + 1, np.int64), np.empty(n_visits, np.int64)
    home, known = np.empty(n_visits, np.int64), np.empty(n_visits, np.int32)
    first[n_visits] = len(site)
    for visit in range(n_visits - 1, -1, -1):
        first[visit], begin[visit] = visit_first[entry], visit_begin[entry]
        home[visit], known[visit] = visit_site[entry], visit_known[entry]
        entry = visit_before[entry]
    at = site.copy()
    for visit in range(n_visits):
        end = first[visit + 1]
        if known[visit] < 0:
            # The visit ends with its last event at the place; what comes after is on the way.
            while _chord_between(position, site[end - 1], home[visit]) > radius:
                end -= 1
        for event in range(first[visit], end):
            if _chord_between(position, site[event], home[visit]) > radius:
                at[event] = home[visit]
    return at, first, begin, home, known


@compiled
def _runs(
    when: Longs,
    at: Longs,
    visit: Longs,
    known: Ints,
    position: Floats,
    radius: float,
    gap: int,
    kind: int,
) -> tuple[Longs, Floats, Flags]:
    """Cut a trace where an event is too far from the centre so far, or comes too late.

    A visit to a known place is one run, whatever the silences in it, and nothing else is in it.
    visit: that of each event; known: the known place of each visit, -1 for none.
    Returns for each run: first event (and one entry more, the number of events), centre, whether
    it comes after a gap.
    """
    n = len(when)
    first = np.empty(n + 1, np.int64)
    centres = np.empty((n, 3))
    after_gap = np.zeros(n, np.bool_)
    members, weights = np.empty(n, np.int64), np.empty(n)
    centre = np.empty(3)
    total = np.zeros(3)
    n_runs = n_members = 0
    for event in range(n):
        is_late = event > 0 and when[event] - when[event - 1] > gap
        is_new = event == 0 or is_late
        if event:
            is_known = known[visit[event]] >= 0
            if visit[event] == visit[event - 1]:
                is_new &= not is_known
            else:
                is_new |= is_known or known[visit[event] - 1] >= 0
            if not is_new and not is_known:
                is_new = _chord_from(centre, position, at[event]) > radius
        if is_new:
            if event:
                centres[n_runs - 1] = centre
            first[n_runs] = event
            after_gap[n_runs] = is_late
            n_runs += 1
            n_members = 0
            total[:] = 0.0
        if kind == MEAN:
            _add_place(position, at[event], total)
            _put_direction(total, centre)
            continue
        weight = 1.0
        if kind == TIME_MEAN:
            weight = 0.0 if is_new else (when[event] - when[event - 1]) / 2
            if not is_new:
                _add_member(at[event - 1], weight, members, weights, n_members)
            weight += 1.0
        n_members = _add_member(at[event], weight, members, weights, n_members)
        _put_centre(kind, position, members, weights, n_members, centre)
    if n:
        centres[n_runs - 1] = centre
    first[n_runs] = n
    return first[: n_runs + 1], centres[:n_runs], after_gap[:n_runs]


@compiled
def _join(
    when: Longs,
    at: Longs,
    position: Floats,
    visit: Longs,
    is_lasting: Flags,
    first: Longs,
    after_gap: Flags,
    centres: Floats,
    radius: float,
    reach: float,
    stay: int,
    longest: int,
    kind: int,
) -> tuple[Longs, Longs, Floats, Flags, Flags]:
    """Join a run to an earlier one of the same place if all between were in reach and no stays.

    A visit to another known place that lasts as long as a stay, with events or without, is no
    detour.
    Returns first and last event, centre and after_gap of each stop, and which events are at it
    (those of the detours are not).
    """
    n_runs = len(first) - 1
    last = first[1:] - 1
    first = first[:-1].copy()
    is_at = np.ones(len(when), np.bool_)
    total = np.zeros((n_runs, 3))
    for run in range(n_runs):
        for event in range(first[run], last[run] + 1):
            _add_place(position, at[event], total[run])
    top = -1
    for run in range(n_runs):
        top += 1
        first[top], last[top], after_gap[top] = first[run], last[run], after_gap[run]
        total[top], centres[top] = total[run], centres[run]
        earlier = top
        while earlier > 0 and top - earlier < MOST_CHANGES and not after_gap[earlier]:
            is_between = False
            for silent in range(visit[last[earlier - 1]] + 1, visit[first[earlier]]):
                is_between |= is_lasting[silent]
            if is_between:
                break
            earlier -= 1
            if when[first[top]] - when[last[earlier]] > longest:
                break
            if not _chord_between(centres, earlier, top) > radius:
                is_detour_near = True
                for between in range(earlier + 1, top):
                    is_detour_near &= not _chord_between(centres, earlier, between) > reach
                if is_detour_near:
                    is_at[last[earlier] + 1 : first[top]] = False
                    last[earlier] = last[top]
                    total[earlier] += total[top]
                    _put_direction(total[earlier], centres[earlier])
                    top = earlier
                    if kind != MEAN:
                        _centre_again(kind, when, at, position, is_at, first, last, top, centres)
                break
            if is_lasting[visit[first[earlier]]]:
                break
            if when[last[earlier]] - when[first[earlier]] >= stay:
                break
    n_stops = top + 1
    return first[:n_stops], last[:n_stops], centres[:n_stops], after_gap[:n_stops], is_at


@compiled
def _centre_again(
    kind: int,
    when: Longs,
    at: Longs,
    position: Floats,
    is_at: Flags,
    first: Longs,
    last: Longs,
    stop: int,
    centres: Floats,
) -> None:
    """Compute the centre of a stop from all its events."""
    n_members = 0
    members = np.empty(len(position), np.int64)
    weights = np.empty(len(position))
    for event in range(first[stop], last[stop] + 1):
        if is_at[event]:
            weight = 1.0
            if kind == TIME_MEAN:
                begin, end = max(event - 1, first[stop]), min(event + 1, last[stop])
                weight += (when[end] - when[begin]) / 2
            n_members = _add_member(at[event], weight, members, weights, n_members)
    _put_centre(kind, position, members, weights, n_members, centres[stop])


@compiled
def _put_sure_times(
    when: Longs,
    first: int,
    last: int,
    is_own: Flags,
    is_alone: Flags,
    stay: int,
    confirm: int,
    sure: Longs,
) -> int:
    """Write since and until when a stop is sure, its second and last but one sure event (4,).

    is_alone: whether nothing within reach came before, or comes after (two flags). Otherwise the
    outermost events may have been served from there, and those further in count, if they come
    soon and a stay stays one.
    Returns the number of events at its own sites; without any, nothing is written.
    """
    n_own = 0
    for event in range(first, last + 1):
        n_own += is_own[event]
    if n_own == 0:
        return 0
    # At a known place the outermost events may have been served from elsewhere.
    while not is_own[first]:
        first += 1
    while not is_own[last]:
        last -= 1
    arrived, left = when[first], when[last]
    event = first
    if not is_alone[0]:
        for _ in range(DOUBTFUL_EVENTS):
            inner = _next_own(is_own, event, last, 1)
            if when[inner] - arrived <= confirm and left - when[inner] >= stay:
                event = inner
        arrived = when[event]
    sure[0], sure[2] = arrived, when[_next_own(is_own, event, last, 1)]
    event = last
    if not is_alone[1]:
        for _ in range(DOUBTFUL_EVENTS):
            inner = _next_own(is_own, event, first, -1)
            if left - when[inner] <= confirm and when[inner] - arrived >= stay:
                event = inner
        left = when[event]
    sure[1], sure[3] = left, when[_next_own(is_own, event, first, -1)]
    return n_own


@compiled
def _next_own(is_own: Flags, event: int, end: int, step: int) -> int:
    while event != end:
        event += step
        if is_own[event]:
            break
    return event


@compiled
def _time_elsewhere(
    stop: int,
    step: int,
    edge: Longs,
    sure_edge: Longs,
    is_proof: Flags,
    after_gap: Flags,
    centres: Floats,
    radius: float,
    reach: float,
    n_events: Longs,
) -> int:
    """The time nearest to a stop, before (step -1) or after it (1), that proves absence.

    A stop out of reach proves it with any event (edge: the time of the one that faces us), one
    within reach if it is a stay at another place with enough events (sure_edge). NO_TIME beyond a
    gap or the end of the trace.
    """
    other = stop
    for _ in range(MOST_CHANGES):
        if step < 0 and after_gap[other]:
            break
        other += step
        if other < 0 or other >= len(edge) or (step > 0 and after_gap[other]):
            break
        if n_events[other] == 0:
            continue
        away = _chord_between(centres, other, stop)
        if away > reach:
            return edge[other]
        if is_proof[other] and away > radius:
            return sure_edge[other]
    return NO_TIME


@compiled
def _most_frequent(cell: Ints, is_counted: Flags) -> int:
    """The cell of most events, of several the one seen first; NO_CELL where none is known."""
    size = 4
    while size < 2 * len(cell):
        size *= 2
    slots, counts = np.full(size, NO_CELL, np.int32), np.zeros(size, np.int64)
    most = 0
    for event in range(len(cell)):
        if is_counted[event] and cell[event] != NO_CELL:
            slot = _slot_of(cell[event], slots)
            slots[slot] = cell[event]
            counts[slot] += 1
            most = max(most, counts[slot])
    for event in range(len(cell)):
        is_known = is_counted[event] and cell[event] != NO_CELL
        if is_known and counts[_slot_of(cell[event], slots)] == most:
            return cell[event]
    return NO_CELL


@compiled
def _slot_of(cell: int, slots: Ints) -> int:
    slot = (np.int64(cell) * np.int64(2654435761) >> 7) & (len(slots) - 1)
    while slots[slot] != NO_CELL and slots[slot] != cell:
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@compiled
def _positions(longitude: Floats, latitude: Floats) -> Floats:
    """Points on the unit sphere, shape (sites, 3): no seam at the date line or the poles."""
    position = np.empty((len(longitude), 3))
    for site in range(len(longitude)):
        east, north = np.radians(longitude[site]), np.radians(latitude[site])
        position[site, 0] = np.cos(north) * np.cos(east)
        position[site, 1] = np.cos(north) * np.sin(east)
        position[site, 2] = np.sin(north)
    return position


@compiled
def _find_all(
    offsets: Longs,
    event_us: Longs,
    longitude: Floats,
    latitude: Floats,
    cell_number: Ints,
    chords: Floats,
    spans: Longs,
    kind: int,
    routine_days: int,
    stop_offsets: Longs,
    flags: Flags,
    times: Longs,
    degrees: Floats,
    counts: Ints,
) -> int:
    """Fill the columns of the stops; return how many stops there are."""
    total = 0
    shortest = np.int64(INFERRED_HOURS * HOUR)
    confirm = np.int64(CONFIRM_MINUTES * MICROSECONDS_PER_MINUTE)
    for trace in range(len(offsets) - 1):
        begin, end = offsets[trace], offsets[trace + 1]
        stop_offsets[trace] = total
        if begin == end:
            continue
        radius, nearest, reach = chords[trace]
        stay, gap, quick = spans[trace]
        inferred = max(stay, shortest)
        when, cell = event_us[begin:end], cell_number[begin:end]
        site, example = _number_sites(longitude[begin:end], latitude[begin:end])
        east, north = longitude[begin:end][example], latitude[begin:end][example]
        position = _positions(east, north)
        at = _settle_pingpong(when, site, position, quick, nearest)
        places = _known_places(when, at, position, radius, routine_days)
        at, visit_first, visit_begin, home, known = _most_plausible(
            when, at, position, radius, reach, gap, places
        )
        visit = _visit_of_events(visit_first)
        is_lasting = np.zeros(len(known), np.bool_)
        for number in range(len(known) - 1):
            since, until = visit_begin[number], visit_begin[number + 1]
            is_timed = since != NO_TIME and until != NO_TIME
            is_lasting[number] = known[number] >= 0 and is_timed and until - since >= inferred
        first, centres, after_gap = _runs(when, at, visit, known, position, radius, gap, kind)
        first, last, centres, after_gap, is_at = _join(
            when,
            at,
            position,
            visit,
            is_lasting,
            first,
            after_gap,
            centres,
            radius,
            reach,
            stay,
            gap,
            kind,
        )
        first, last, n_events, centres, after_gap, likely, visited = _with_silent(
            when,
            position,
            first,
            last,
            centres,
            after_gap,
            visit,
            visit_first,
            visit_begin,
            home,
            known,
            inferred,
        )
        is_own = is_at & (at == site)
        n_stops = len(first)
        first_at, last_at = when[first], when[last]
        sure = np.empty((4, n_stops), np.int64)
        is_proof = np.empty(n_stops, np.bool_)
        n_own = np.empty(n_stops, np.int64)
        usual_cell = np.full(len(places), NO_CELL, np.int32)
        is_cell_known = np.zeros(len(places), np.bool_)
        is_alone = np.empty(2, np.bool_)
        for stop in range(n_stops):
            is_alone[:] = True
            if stop > 0 and not after_gap[stop]:
                is_alone[0] = _chord_between(centres, stop, stop - 1) > reach
            if stop < n_stops - 1 and not after_gap[stop + 1]:
                is_alone[1] = _chord_between(centres, stop, stop + 1) > reach
            n_own[stop] = 0
            if n_events[stop]:
                n_own[stop] = _put_sure_times(
                    when, first[stop], last[stop], is_own, is_alone, stay, confirm, sure[:, stop]
                )
            if n_own[stop] == 0:
                # Nothing but routine says that the phone was there: in the middle, most surely.
                begins, ends = likely[0, stop], likely[1, stop]
                if begins == NO_TIME:
                    begins = first_at[stop]
                if ends == NO_TIME:
                    ends = last_at[stop]
                sure[:, stop] = (begins + ends) // 2
            flags[0, total + stop] = sure[1, stop] - sure[0, stop] >= stay
            is_proof[stop] = flags[0, total + stop] and n_own[stop] >= PROOF_EVENTS
        for stop in range(n_stops):
            row = total + stop
            times[0, row] = _time_elsewhere(
                stop, -1, last_at, sure[3], is_proof, after_gap, centres, radius, reach, n_events
            )
            times[1, row], times[2, row] = sure[0, stop], sure[1, stop]
            times[3, row] = _time_elsewhere(
                stop, 1, first_at, sure[2], is_proof, after_gap, centres, radius, reach, n_events
            )
            earlier, later = sure[0, stop], sure[1, stop]
            if stop > 0:
                earlier = sure[1, stop - 1]
            if stop < n_stops - 1:
                later = sure[0, stop + 1]
            times[4, row] = _likely_time(
                times[1, row], times[0, row], earlier, likely[0, stop], gap // 2
            )
            times[5, row] = _likely_time(
                times[2, row], times[3, row], later, likely[1, stop], gap // 2
            )
            is_known = known[visited[stop]] >= 0
            is_long = is_known and times[5, row] - times[4, row] >= inferred
            is_silent = False
            for event in range(first[stop] + 1, last[stop] + 1):
                is_silent |= when[event] - when[event - 1] > gap
            flags[1, row] = is_silent or (is_long and not flags[0, row])
            flags[0, row] |= is_long
            counts[0, row] = n_events[stop]
            if n_own[stop] == 0:
                site_there = home[visited[stop]]
                degrees[0, row], degrees[1, row] = east[site_there], north[site_there]
                place = known[visited[stop]]
                if not is_cell_known[place]:
                    usual_cell[place] = _most_frequent(cell, site == site_there)
                    is_cell_known[place] = True
                counts[1, row] = usual_cell[place]
                continue
            only = at[first[stop]]
            is_one_site = True
            for event in range(first[stop], last[stop] + 1):
                is_one_site &= at[event] == only or not is_at[event]
            if is_one_site:
                degrees[0, row], degrees[1, row] = east[only], north[only]
            else:
                degrees[0, row], degrees[1, row] = _degrees(centres[stop])
            events = slice(first[stop], last[stop] + 1)
            counts[1, row] = _most_frequent(cell[events], is_own[events])
        total += n_stops
    stop_offsets[-1] = total
    return total


@compiled
def _visit_of_events(visit_first: Longs) -> Longs:
    visit = np.empty(visit_first[-1], np.int64)
    for number in range(len(visit_first) - 1):
        visit[visit_first[number] : visit_first[number + 1]] = number
    return visit


@compiled
def _with_silent(
    when: Longs,
    position: Floats,
    first: Longs,
    last: Longs,
    centres: Floats,
    after_gap: Flags,
    visit: Longs,
    visit_first: Longs,
    visit_begin: Longs,
    home: Longs,
    known: Ints,
    stay: int,
) -> tuple[Longs, Longs, Longs, Floats, Flags, Longs, Longs]:
    """The stops, and between them the visits to known places that lasted but have no event.

    Returns first and last event (of a stop without, those of its neighbours), number of events,
    centre and after_gap of each; the times when it begins and ends as far as the visits say
    (stops, NO_TIME where they do not); and its first visit.
    """
    most = len(first) + len(known)
    rows, visited = np.empty(most, np.int64), np.empty(most, np.int64)
    likely = np.full((2, most), NO_TIME)
    n_rows = 0
    for stop in range(len(first)):
        if stop > 0:
            for silent in range(visit[last[stop - 1]] + 1, visit[first[stop]]):
                if visit_begin[silent + 1] - visit_begin[silent] >= stay:
                    rows[n_rows], visited[n_rows] = -1, silent
                    likely[0, n_rows] = visit_begin[silent]
                    likely[1, n_rows] = visit_begin[silent + 1]
                    n_rows += 1
        rows[n_rows], visited[n_rows] = stop, visit[first[stop]]
        own = visit[first[stop]]
        if own > 0 and visit_first[own] == first[stop] and known[own] + known[own - 1] > -2:
            likely[0, n_rows] = visit_begin[own]
        after = visit[last[stop]] + 1
        is_last = after < len(known) and visit_first[after] == last[stop] + 1
        if is_last and known[after] + known[after - 1] > -2:
            likely[1, n_rows] = visit_begin[after]
        n_rows += 1
    new_first, new_last = np.empty(n_rows, np.int64), np.empty(n_rows, np.int64)
    n_events, new_centres = np.zeros(n_rows, np.int64), np.empty((n_rows, 3))
    new_after_gap = np.zeros(n_rows, np.bool_)
    after = len(first)
    for row in range(n_rows - 1, -1, -1):
        stop = rows[row]
        if stop >= 0:
            after = stop
            new_first[row], new_last[row] = first[stop], last[stop]
            n_events[row] = last[stop] + 1 - first[stop]
            new_centres[row] = centres[stop]
        else:
            new_first[row] = new_last[row] = first[after]
            new_centres[row] = position[home[visited[row]]]
        new_after_gap[row] = after_gap[after]
    return (
        new_first,
        new_last,
        n_events,
        new_centres,
        new_after_gap,
        likely[:, :n_rows],
        visited[:n_rows],
    )


@compiled
def _likely_time(sure: int, bound: int, neighbour: int, visit: int, longest: int) -> int:
    """When a stop most likely began or ended: as the visits say, within the bound.

    Where they say nothing, the middle between the sure time and the bound, or the neighbour where
    no bound is known; never more than longest from the sure time.
    """
    if visit == NO_TIME:
        other = neighbour if bound == NO_TIME else bound
        away = (other - sure) // 2
        return sure + min(max(away, -longest), longest)
    if bound == NO_TIME:
        return min(visit, sure) if neighbour < sure else max(visit, sure)
    return min(max(visit, min(bound, sure)), max(bound, sure))


@compiled
def _degrees(point: Floats) -> tuple[float, float]:
    across = np.sqrt(point[0] * point[0] + point[1] * point[1])
    return np.degrees(np.arctan2(point[1], point[0])), np.degrees(np.arctan2(point[2], across))
