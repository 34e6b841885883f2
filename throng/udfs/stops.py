"""Stops and journeys for SQL: arrays of structs in and out. The rules are in throng/mobility."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throng.mobility.journeys import find_journeys
from throng.mobility.stops import NO_CELL, NO_TIME, Events, Rules, Stops, find_stops, offsets_of

INSTANT = pa.timestamp("us", tz="UTC")
STOP_TYPES = pa.array(["pass_by", "stay"])
_TRACE = {
    "event_at": INSTANT,
    "cell_number": pa.int32(),
    "longitude": pa.float64(),
    "latitude": pa.float64(),
}


def detect_stops(
    trace: pa.Array,
    radius_km: pa.Array,
    min_stay_minutes: pa.Array,
    max_gap_minutes: pa.Array,
    pingpong_minutes: pa.Array,
    pingpong_km: pa.Array,
) -> pa.Array:
    """Find where each subscriber stayed and where they passed by.

    Args:
        trace: n lists of structs event_at (timestamp), longitude, latitude (degrees), cell_number
            (integer, may be null). Elements without time or coordinates are ignored.
        radius_km, min_stay_minutes, max_gap_minutes, pingpong_minutes, pingpong_km: n numbers.

    Returns:
        n lists of structs stop_number, stop_type ('stay' or 'pass_by'), arrived_after, arrived_at,
        left_at, left_before (null where unknown), n_events, longitude, latitude, cell_number,
        likely_arrived_at, likely_left_at, is_inferred. Null where any argument is.

    Raises:
        ValueError: a parameter is negative or not a number.
    """
    rules = Rules(
        **{
            name: _parameter(name, values)
            for name, values in {
                "radius_km": radius_km,
                "min_stay_minutes": min_stay_minutes,
                "max_gap_minutes": max_gap_minutes,
                "pingpong_minutes": pingpong_minutes,
                "pingpong_km": pingpong_km,
            }.items()
        }
    )
    is_null = _any_null(
        trace, radius_km, min_stay_minutes, max_gap_minutes, pingpong_minutes, pingpong_km
    )
    stops = find_stops(_events(trace), rules)
    sizes = np.diff(stops.offsets)
    number = np.arange(len(stops.is_stay)) - np.repeat(stops.offsets[:-1], sizes) + 1
    columns = {
        "stop_number": pa.array(number.astype(np.int32)),
        "stop_type": STOP_TYPES.take(pa.array(stops.is_stay.astype(np.int8))),
        "arrived_after": _instants(stops.arrived_after),
        "arrived_at": _instants(stops.arrived_at),
        "left_at": _instants(stops.left_at),
        "left_before": _instants(stops.left_before),
        "n_events": pa.array(stops.n_events),
        "longitude": pa.array(stops.longitude),
        "latitude": pa.array(stops.latitude),
        "cell_number": pa.array(stops.cell_number, mask=stops.cell_number == NO_CELL),
        "likely_arrived_at": _instants(stops.likely_arrived_at),
        "likely_left_at": _instants(stops.likely_left_at),
        "is_inferred": pa.array(stops.is_inferred),
    }
    return _lists(stops.offsets, columns, is_null)


def compile_stops() -> None:
    """Compile what detect_stops needs, by finding the stops of no trace."""
    one = pa.array([1.0])
    trace = pa.array([[]], pa.list_(pa.struct(_TRACE)))
    detect_stops(trace, one, one, one, one, one)


def detect_journeys(stops: pa.Array, max_journey_hours: pa.Array, radius_km: pa.Array) -> pa.Array:
    """Join consecutive stays of each subscriber to journeys.

    Args:
        stops: n lists as `detect_stops` gives them; further fields are ignored.
        max_journey_hours: n numbers: stays farther apart in time are not joined.
        radius_km: n numbers: stays nearer than this are one place.

    Returns:
        n lists of structs origin_stop, destination_stop (stop numbers), departed_after,
        departed_before, arrived_after, arrived_before, distance_km, path_km,
        duration_min_minutes, duration_max_minutes, passed_cells. Null where any argument is.

    Raises:
        ValueError: a parameter is negative or not a number.
    """
    elements = stops.flatten()
    arrived_after, arrived_at, left_at, left_before = (
        _microseconds(elements.field(name))
        for name in ("arrived_after", "arrived_at", "left_at", "left_before")
    )
    journeys = find_journeys(
        Stops(
            _offsets(stops),
            _numpy(pc.equal(elements.field("stop_type"), "stay")),
            *(arrived_after, arrived_at, left_at, left_before),
            _numpy(pc.cast(elements.field("n_events"), pa.int32())),
            _numpy(elements.field("longitude")),
            _numpy(elements.field("latitude")),
            _numpy(pc.fill_null(pc.cast(elements.field("cell_number"), pa.int32()), NO_CELL)),
            # Journeys are made from what is sure, so these may be anything.
            *(arrived_at, left_at, np.zeros(len(arrived_at), np.bool_)),
        ),
        _parameter("max_journey_hours", max_journey_hours),
        _parameter("radius_km", radius_km),
    )
    number = pc.cast(elements.field("stop_number"), pa.int32())
    columns = {
        "origin_stop": number.take(pa.array(journeys.origin)),
        "destination_stop": number.take(pa.array(journeys.destination)),
        "departed_after": _instants(journeys.departed_after),
        "departed_before": _instants(journeys.departed_before),
        "arrived_after": _instants(journeys.arrived_after),
        "arrived_before": _instants(journeys.arrived_before),
        "distance_km": pa.array(journeys.distance_km),
        "path_km": pa.array(journeys.path_km),
        "duration_min_minutes": pa.array(journeys.duration_min_minutes),
        "duration_max_minutes": pa.array(journeys.duration_max_minutes),
        "passed_cells": pa.ListArray.from_arrays(
            pa.array(journeys.passed_offsets.astype(np.int32)),
            pa.array(journeys.passed_cells, mask=journeys.passed_cells == NO_CELL),
        ),
    }
    return _lists(journeys.offsets, columns, _any_null(stops, max_journey_hours, radius_km))


def _events(trace: pa.Array) -> Events:
    """The events of a list array, without those that have no time or no place."""
    elements = trace.flatten()
    # Not by StructArray.field, which does not know that a whole struct is null.
    columns = dict(zip([field.name for field in elements.type], elements.flatten(), strict=True))
    when = columns["event_at"]
    # Degrees written out in SQL are decimals.
    longitude, latitude = (pc.cast(columns[n], pa.float64()) for n in ("longitude", "latitude"))
    offsets = _offsets(trace)
    is_usable = pc.is_valid(when)
    for degrees in (longitude, latitude):
        is_usable = pc.and_(is_usable, pc.fill_null(pc.is_finite(degrees), False))
    cell = pc.fill_null(pc.cast(columns["cell_number"], pa.int32()), NO_CELL)
    if not pc.all(is_usable).as_py() and len(elements):
        offsets = offsets_of(_numpy(is_usable))[offsets]  # how many are kept before each
        when, longitude, latitude, cell = (
            column.filter(is_usable) for column in (when, longitude, latitude, cell)
        )
    return Events(offsets, _microseconds(when), _numpy(longitude), _numpy(latitude), _numpy(cell))


def _offsets(lists: pa.Array) -> np.ndarray:
    """Where each list begins among the elements of lists.flatten(), and the end."""
    sizes = _numpy(pc.fill_null(pc.list_value_length(lists), 0))
    return offsets_of(sizes)


def _parameter(name: str, values: pa.Array) -> np.ndarray:
    numbers = _numpy(pc.fill_null(pc.cast(values, pa.float64()), 0.0))
    if not np.all(numbers >= 0):
        raise ValueError(f"{name} must be a number that is not negative.")
    return numbers


def _microseconds(instants: pa.Array) -> np.ndarray:
    """Timestamps as microseconds since 1970, null as NO_TIME."""
    unit = pa.timestamp("us", tz=instants.type.tz)
    return _numpy(pc.fill_null(pc.cast(instants, unit).view(pa.int64()), int(NO_TIME)))


def _instants(microseconds: np.ndarray) -> pa.Array:
    return pa.array(microseconds, mask=microseconds == NO_TIME).view(INSTANT)


def _any_null(*columns: pa.Array) -> np.ndarray:
    return np.logical_or.reduce([_numpy(pc.is_null(column)) for column in columns])


def _numpy(values: pa.Array) -> np.ndarray:
    return values.to_numpy(zero_copy_only=False)


def _lists(offsets: np.ndarray, columns: dict[str, pa.Array], is_null: np.ndarray) -> pa.Array:
    """Lists of structs; those of null rows are null, whatever the offsets say."""
    structs = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return pa.ListArray.from_arrays(
        pa.array(offsets.astype(np.int32)), structs, mask=pa.array(is_null)
    )
