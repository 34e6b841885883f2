"""Journeys between the stays of a subscriber. The rules, with reasons: docs/definitions.md.

Flat arrays and offsets, as in throng/mobility/stops.py. NumPy is fast enough: stops are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throng.mobility.stops import (
    EARTH_RADIUS_KM,
    MICROSECONDS_PER_MINUTE,
    NO_TIME,
    Floats,
    Ints,
    Longs,
    Stops,
    offsets_of,
)


@dataclass(frozen=True)
class Journeys:
    """Journeys of all subscribers, in order of time for each.

    offsets: (subscribers + 1,). origin, destination: row of the stay among all stops. Times in
    microseconds. passed_offsets: (journeys + 1,) into passed_cells, the dominant cells of the
    pass-bys on the way. The others: (journeys,).
    """

    offsets: Longs
    origin: Longs
    destination: Longs
    departed_after: Longs
    departed_before: Longs
    arrived_after: Longs
    arrived_before: Longs
    distance_km: Floats
    path_km: Floats
    duration_min_minutes: Floats
    duration_max_minutes: Floats
    passed_offsets: Longs
    passed_cells: Ints


def find_journeys(stops: Stops, max_journey_hours: Floats, radius_km: Floats) -> Journeys:
    """Join consecutive stays of each subscriber.

    Args:
        stops: in order of time for each subscriber.
        max_journey_hours: one per subscriber; stays farther apart in time are not joined.
        radius_km: one per subscriber; two stays within it, and nothing between them beyond it,
            are one place that a silence cut in two: no journey.

    Returns:
        The journeys.
    """
    n_subscribers = len(stops.offsets) - 1
    subscriber = np.repeat(np.arange(n_subscribers), np.diff(stops.offsets))
    stays = np.flatnonzero(stops.is_stay)
    origin, destination = stays[:-1], stays[1:]
    away = stops.arrived_at[destination] - stops.left_at[origin]
    longest = max_journey_hours[subscriber[origin]] * 60 * MICROSECONDS_PER_MINUTE
    is_pair = (subscriber[origin] == subscriber[destination]) & (away <= longest)
    origin, destination = origin[is_pair], destination[is_pair]

    distance_km = _kilometres(stops, origin, destination)
    # All stops from an origin to its destination, one pair after the other.
    sizes = destination - origin
    begins = offsets_of(sizes)
    legs = np.repeat(origin - begins[:-1], sizes) + np.arange(begins[-1])
    path_km = _by_pair(np.add, _kilometres(stops, legs, legs + 1), begins)
    farthest_km = _by_pair(
        np.maximum, _kilometres(stops, np.repeat(origin, sizes), legs + 1), begins
    )
    is_journey = farthest_km > radius_km[subscriber[origin]]
    is_passed = np.repeat(is_journey, sizes)
    is_passed[begins[:-1]] = False  # the origin itself
    passed = legs[is_passed]
    n_passed = (sizes - 1)[is_journey]
    origin, destination = origin[is_journey], destination[is_journey]

    departed_after, arrived_before = stops.left_at[origin], stops.arrived_at[destination]
    left_before, came_after = stops.left_before[origin], stops.arrived_after[destination]
    is_left_known = (left_before != NO_TIME) & (left_before <= arrived_before)
    departed_before = np.where(is_left_known, left_before, arrived_before)
    # An unknown time is smaller than any.
    arrived_after = np.maximum(came_after, departed_after)
    per_subscriber = np.bincount(subscriber[origin], minlength=n_subscribers)
    return Journeys(
        offsets=offsets_of(per_subscriber),
        origin=origin,
        destination=destination,
        departed_after=departed_after,
        departed_before=departed_before,
        arrived_after=arrived_after,
        arrived_before=arrived_before,
        distance_km=distance_km[is_journey],
        path_km=path_km[is_journey],
        duration_min_minutes=_minutes(np.maximum(arrived_after - departed_before, 0)),
        duration_max_minutes=_minutes(arrived_before - departed_after),
        passed_offsets=offsets_of(n_passed),
        passed_cells=stops.cell_number[passed],
    )


def _kilometres(stops: Stops, one: Longs, other: Longs) -> Floats:
    """Great-circle distance between the centres of stops (haversine)."""
    east, north = np.radians(stops.longitude), np.radians(stops.latitude)
    across = np.sin((east[one] - east[other]) / 2) ** 2
    up = np.sin((north[one] - north[other]) / 2) ** 2
    half = np.sqrt(up + np.cos(north[one]) * np.cos(north[other]) * across)
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half, 1.0))


def _by_pair(function: np.ufunc, values: Floats, begins: Longs) -> Floats:
    """Sum or maximum of each pair's values. (A difference of running sums would let one
    subscriber's rounding errors depend on who else is in the batch.)"""
    return function.reduceat(values, begins[:-1]) if len(values) else np.empty(0)


def _minutes(microseconds: Longs) -> Floats:
    return microseconds / MICROSECONDS_PER_MINUTE
