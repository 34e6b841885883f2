"""detect_stops and detect_journeys as SQL calls them: Arrow in, Arrow out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.udfs import REGISTRY
from throng.udfs.stops import detect_journeys, detect_stops

MIDNIGHT = datetime(2020, 2, 3, tzinfo=UTC)
KM = 1 / 111.19493
TRACE = pa.list_(
    pa.struct(
        [
            ("event_at", pa.timestamp("us", tz="UTC")),
            ("longitude", pa.float64()),
            ("latitude", pa.float64()),
            ("cell_number", pa.int32()),
        ]
    )
)


def at(minute):
    return None if minute is None else MIDNIGHT + timedelta(minutes=minute)


def event(minute, north_km, cell=1):
    latitude = None if north_km is None else north_km * KM
    return {"event_at": at(minute), "longitude": 0.0, "latitude": latitude, "cell_number": cell}


def stops_of(*traces, radius=1.0, stay=30, gap=720, quick=10, near=5.0):
    array = traces[0] if len(traces) == 1 and isinstance(traces[0], pa.Array) else None
    array = pa.array(traces, TRACE) if array is None else array
    return detect_stops(
        array, *(pa.array([value] * len(array)) for value in (radius, stay, gap, quick, near))
    )


def journeys_of(stops, hours=12, radius=1.0):
    n = len(stops)
    return detect_journeys(stops, pa.array([hours] * n), pa.array([radius] * n))


HOME_AND_FAR = [event(0, 0), event(60, 0), event(120, 45), event(180, 90, 7), event(300, 90, 7)]


def test_null_gives_null_and_empty_gives_empty():
    stops = stops_of(None, [], [event(0, 0)])
    assert [None if x is None else len(x) for x in stops.to_pylist()] == [None, 0, 1]
    assert [None if x is None else len(x) for x in journeys_of(stops).to_pylist()] == [None, 0, 0]


def test_a_batch_without_rows():
    assert len(journeys_of(stops_of(pa.array([], TRACE)))) == 0


def test_a_null_parameter_gives_null():
    trace = pa.array([[event(0, 0)], [event(0, 0)]], TRACE)
    one = pa.array([1.0, 1.0])
    stops = detect_stops(trace, pa.array([None, 1.0]), one, one, one, one)
    assert stops.is_null().to_pylist() == [True, False]
    journeys = detect_journeys(stops, one, pa.array([1.0, None]))
    assert journeys.is_null().to_pylist() == [True, True]


def test_parameters_hold_for_their_row():
    trace = pa.array([HOME_AND_FAR] * 2, TRACE)
    one = pa.array([1, 1])
    stops = detect_stops(trace, one, pa.array([30, 90]), pa.array([720, 720]), one, one)
    stop_types = [[stop["stop_type"] for stop in row] for row in stops.to_pylist()]
    assert stop_types == [["stay", "pass_by", "stay"], ["pass_by", "pass_by", "stay"]]


def test_parameters_may_be_decimals():
    assert stops_of([event(0, 0)], radius=Decimal("1.5")).to_pylist()[0][0]["stop_number"] == 1


def test_coordinates_may_be_decimals():
    degrees = [pa.field(name, pa.decimal128(9, 6)) for name in ("longitude", "latitude")]
    kind = pa.struct([TRACE.value_type[0], *degrees, TRACE.value_type[3]])
    here, there = Decimal("1.000000"), Decimal("2.000000")
    trace = [
        {"event_at": at(minute), "longitude": place, "latitude": here, "cell_number": 1}
        for minute, place in [(0, here), (60, here), (120, there)]
    ]
    [stops] = stops_of(pa.array([trace], pa.list_(kind))).to_pylist()
    assert [stop["stop_type"] for stop in stops] == ["stay", "pass_by"]


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_parameter_must_make_sense(value):
    with pytest.raises(ValueError, match="radius_km must be a number that is not negative"):
        stops_of([event(0, 0)], radius=value)


def test_elements_without_time_or_place_are_ignored():
    whole = [event(0, 0), event(40, 0)]
    broken = [None, event(None, 0), whole[0], event(5, None), event(6, float("nan")), whole[1]]
    assert stops_of(broken).to_pylist() == stops_of(whole).to_pylist()
    assert stops_of([None]).to_pylist() == [[]]


def test_a_stop_as_sql_sees_it():
    [stops] = stops_of(HOME_AND_FAR).to_pylist()
    assert stops[2] == {
        "stop_number": 3,
        "stop_type": "stay",
        "arrived_after": at(120),
        "arrived_at": at(180),
        "left_at": at(300),
        "left_before": None,
        "n_events": 2,
        "longitude": 0.0,
        "latitude": 90 * KM,
        "cell_number": 7,
        "likely_arrived_at": at(150),
        "likely_left_at": at(300),
        "is_inferred": False,
    }


def test_a_journey_as_sql_sees_it():
    [[journey]] = journeys_of(stops_of(HOME_AND_FAR)).to_pylist()
    assert journey.pop("distance_km") == pytest.approx(90, abs=0.01)
    assert journey.pop("path_km") == pytest.approx(90, abs=0.01)
    assert journey == {
        "origin_stop": 1,
        "destination_stop": 3,
        "departed_after": at(60),
        "departed_before": at(120),
        "arrived_after": at(120),
        "arrived_before": at(180),
        "duration_min_minutes": 0.0,
        "duration_max_minutes": 120.0,
        "passed_cells": [1],
    }


def stay(number, north_km, arrived, left, after=None, before=None, stop_type="stay", cell=1):
    return {
        "stop_number": number,
        "stop_type": stop_type,
        "arrived_after": at(after),
        "arrived_at": at(arrived),
        "left_at": at(left),
        "left_before": at(before),
        "n_events": 2,
        "longitude": 0.0,
        "latitude": north_km * KM,
        "cell_number": cell,
        "area_id": "further fields do not matter",
    }


def with_stops(*rows):
    return pa.array(rows, pa.list_(STOP))


STOP = pa.struct(
    [
        ("stop_number", pa.int32()),
        ("stop_type", pa.string()),
        *(
            (n, pa.timestamp("us", tz="UTC"))
            for n in ("arrived_after", "arrived_at", "left_at", "left_before")
        ),
        ("n_events", pa.int32()),
        ("longitude", pa.float64()),
        ("latitude", pa.float64()),
        ("cell_number", pa.int32()),
        ("area_id", pa.string()),
    ]
)


def test_a_journey_is_not_longer_than_allowed():
    row = [stay(1, 0, 0, 60), stay(2, 20, 780, 900)]
    assert len(journeys_of(with_stops(row), hours=12).to_pylist()[0]) == 1
    assert len(journeys_of(with_stops(row), hours=11.9).to_pylist()[0]) == 0


def test_one_place_cut_by_silence_is_no_journey():
    near = stay(2, 0.5, 70, 70, stop_type="pass_by")
    far = stay(2, 9, 70, 70, stop_type="pass_by", cell=None)
    ends = stay(1, 0, 0, 60), stay(3, 0.2, 100, 200)
    assert journeys_of(with_stops([ends[0], near, ends[1]])).to_pylist() == [[]]
    [[round_trip]] = journeys_of(with_stops([ends[0], far, ends[1]])).to_pylist()
    assert round_trip["passed_cells"] == [None]
    assert round_trip["path_km"] == pytest.approx(17.8, abs=0.01)
    assert round_trip["distance_km"] == pytest.approx(0.2, abs=0.01)


def test_unknown_and_crossed_bounds_fall_back_to_the_sure_times():
    unknown = [stay(1, 0, 0, 60), stay(2, 20, 100, 200)]
    crossed = [stay(1, 0, 0, 60, before=150), stay(2, 20, 100, 200, after=30)]
    for row in (unknown, crossed):
        [[journey]] = journeys_of(with_stops(row)).to_pylist()
        assert (journey["departed_after"], journey["departed_before"]) == (at(60), at(100))
        assert (journey["arrived_after"], journey["arrived_before"]) == (at(60), at(100))
        assert (journey["duration_min_minutes"], journey["duration_max_minutes"]) == (0, 40)


def test_the_least_duration_lies_between_the_inner_bounds():
    row = [stay(1, 0, 0, 60, before=70), stay(2, 20, 100, 200, after=90)]
    [[journey]] = journeys_of(with_stops(row)).to_pylist()
    assert (journey["duration_min_minutes"], journey["duration_max_minutes"]) == (20, 40)


def test_subscribers_do_not_mix():
    row = [stay(1, 0, 0, 60), stay(2, 20, 100, 200)]
    assert [len(x) for x in journeys_of(with_stops(row[:1], row[1:], row)).to_pylist()] == [0, 0, 1]


def test_slices_are_read_from_where_they_begin():
    traces = pa.array([[event(0, 5)], None, HOME_AND_FAR, [], HOME_AND_FAR], TRACE)
    whole = stops_of(traces)
    assert stops_of(traces.slice(1, 3)).to_pylist() == whole.to_pylist()[1:4]
    assert journeys_of(whole.slice(2)).to_pylist() == journeys_of(whole).to_pylist()[2:]


def test_a_null_list_that_hides_elements():
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 1, 2], pa.int32()),
        pa.array([event(0, 0), event(9, 9)], TRACE.value_type),
        mask=pa.array([True, False]),
    )
    assert stops_of(hidden).to_pylist()[1][0]["arrived_at"] == at(9)


def test_the_registered_types_are_what_the_functions_return():
    declared = {udf.sql_name: udf.return_type for udf in REGISTRY}
    stops = stops_of(HOME_AND_FAR)
    for name, array in (("detect_stops", stops), ("detect_journeys", journeys_of(stops))):
        assert declared[name] == _ddl(array.type)


def _ddl(kind):
    if pa.types.is_list(kind):
        return f"array<{_ddl(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"{f.name} {_ddl(f.type)}" for f in kind) + ">"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    return {
        pa.int32(): "int",
        pa.float64(): "double",
        pa.string(): "string",
        pa.bool_(): "boolean",
    }[kind]


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 4000), st.sampled_from([0, 0.7, 3, 20, 60]), st.integers(0, 3)
            ),
            max_size=25,
        ),
        max_size=4,
    )
)
def test_journeys_join_stays_in_order_with_ordered_bounds(traces):
    rows = [[event(*e) for e in sorted(trace)] for trace in traces]
    stops = stops_of(pa.array(rows, TRACE))
    for found, journeys in zip(stops.to_pylist(), journeys_of(stops).to_pylist(), strict=True):
        stop_types = {stop["stop_number"]: stop["stop_type"] for stop in found}
        for journey in journeys:
            between = range(journey["origin_stop"] + 1, journey["destination_stop"])
            assert all(stop_types[number] == "pass_by" for number in between)
            assert len(journey["passed_cells"]) == len(between)
            assert (
                stop_types[journey["origin_stop"]]
                == stop_types[journey["destination_stop"]]
                == "stay"
            )
            assert journey["departed_after"] <= journey["departed_before"]
            assert journey["departed_before"] <= journey["arrived_before"]
            assert journey["departed_after"] <= journey["arrived_after"]
            assert journey["arrived_after"] <= journey["arrived_before"]
            assert 0 <= journey["duration_min_minutes"] <= journey["duration_max_minutes"]
            assert journey["path_km"] >= journey["distance_km"] - 1e-9


def test_results_do_not_depend_on_the_order_of_rows():
    random = np.random.default_rng(3)
    rows = [
        [
            event(int(t), float(random.choice([0, 3, 20])))
            for t in np.sort(random.integers(0, 9999, 30))
        ]
        for _ in range(20)
    ]
    order = random.permutation(20)
    forward = journeys_of(stops_of(pa.array(rows, TRACE))).to_pylist()
    mixed = journeys_of(stops_of(pa.array([rows[i] for i in order], TRACE))).to_pylist()
    assert mixed == [forward[i] for i in order]
