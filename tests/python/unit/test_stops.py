"""Stops from traces: each rule and edge by hand, then what must hold for any trace."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.mobility.stops import (
    CONFIRM_MINUTES,
    EARTH_RADIUS_KM,
    MEDIAN,
    MEDOID,
    NO_CELL,
    NO_TIME,
    QUICK_MOVE_COST,
    SITE_REACH_KM,
    SLOW_HOURS,
    SLOW_MOVE_COST,
    TIME_MEAN,
    Events,
    Rules,
    Stops,
    _most_plausible,
    find_stops,
)

MINUTE = 60_000_000
KM = 1 / 111.19493  # degrees of latitude

# Places by name, in km north of the equator: B is near A, W farther than a ping-pong reaches, X is
# out of reach of all sites of A.
PLACES = {"A": 0.0, "a": 0.8, "B": 3.0, "C": 4.0, "W": 20.0, "X": 60.0, "Y": 120.0}


def events(*traces: list[tuple[float, str]] | list[tuple[float, str, int]]) -> Events:
    """Traces of (minute, place) or (minute, place, cell)."""
    rows = [(e[0], PLACES[e[1]], e[2] if len(e) > 2 else ord(e[1])) for t in traces for e in t]
    sizes = [len(trace) for trace in traces]
    return Events(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array([round(row[0] * MINUTE) for row in rows], np.int64),
        np.zeros(len(rows)),
        np.array([row[1] * KM for row in rows], float),
        np.array([row[2] for row in rows], np.int32),
    )


def rules(n=1, radius=1.0, stay=30.0, gap=720.0, quick=10.0, near=5.0) -> Rules:
    return Rules(*(np.full(n, float(v)) for v in (radius, stay, gap, quick, near)))


def found(*trace, **kwargs) -> list[tuple]:
    """kind, place, bounds in minutes, number of events of each stop of one trace."""
    stops = find_stops(events(list(trace)), rules(**kwargs))
    return [
        (
            "stay" if stops.is_stay[i] else "pass",
            min(PLACES, key=lambda name: abs(PLACES[name] * KM - stops.latitude[i])),
            *(
                None if row[i] == NO_TIME else row[i] / MINUTE
                for row in (
                    stops.arrived_after,
                    stops.arrived_at,
                    stops.left_at,
                    stops.left_before,
                )
            ),
            int(stops.n_events[i]),
        )
        for i in range(len(stops.is_stay))
    ]


def test_no_trace_and_an_empty_one():
    assert len(find_stops(events(), rules(0)).offsets) == 1
    assert find_stops(events([], []), rules(2)).offsets.tolist() == [0, 0, 0]


def test_one_event_is_a_pass_by_without_bounds():
    assert found((5, "A")) == [("pass", "A", None, 5, 5, None, 1)]


def test_a_stay_lasts_at_least_as_long_as_asked():
    assert found((0, "A"), (30, "A"))[0][0] == "stay"
    assert found((0, "A"), (29.9, "A"))[0][0] == "pass"
    assert found((0, "A"), (0, "A", 7), stay=0.0)[0][0] == "stay"


def test_a_gap_exactly_at_the_limit_does_not_end_a_stop():
    assert len(found((0, "A"), (720, "A"))) == 1
    assert len(found((0, "A"), (720.1, "A"))) == 2


def test_a_stop_carries_over_midnight():
    assert found((1420, "A"), (1460, "A"), (2000, "A")) == [
        ("stay", "A", None, 1420, 2000, None, 3)
    ]


def test_a_stop_reaches_as_far_as_the_radius():
    assert len(found((0, "A"), (40, "a"), (80, "A"))) == 1
    assert len(found((0, "A"), (800, "a"), (1600, "a"), radius=0.5)) > 1


def test_a_bound_is_the_time_of_an_event_out_of_reach():
    stops = found((0, "X"), (100, "A"), (300, "A"), (500, "X"))
    assert stops[1] == ("stay", "A", 0, 100, 300, 500, 2)
    assert stops[0][5] == 100
    assert stops[2][2] == 300


def test_a_bound_is_unknown_beyond_a_gap():
    stops = found((0, "X"), (800, "A"), (900, "A"))
    assert stops[1][2] is None
    assert stops[0][5] is None


def test_a_pass_by_within_reach_proves_nothing():
    # The site at W may have served a phone at A; X cannot.
    stops = found((0, "X"), (60, "W"), (400, "A"), (800, "A"))
    assert stops[2][:4] == ("stay", "A", 0, 400)


def test_of_a_stay_within_reach_the_last_event_but_one_proves_absence():
    home = [(0, "A"), (150, "A"), (300, "A"), (450, "A")]
    work = [(600, "W"), (800, "W"), (1000, "W"), (1200, "W")]
    first, second = found(*home, *work)
    assert first == ("stay", "A", None, 0, 450, 800, 4)
    assert second == ("stay", "W", 300, 600, 1200, None, 4)


def test_two_events_within_reach_are_too_few_to_prove_absence():
    first, second = found((0, "A"), (300, "A"), (600, "W"), (900, "W"))
    assert (first[5], second[2]) == (None, None)


def test_outermost_events_that_are_soon_confirmed_are_in_doubt():
    home = [(0, "A"), (200, "A"), (400, "A"), (440, "A"), (480, "A")]
    work = [(500, "W"), (560, "W"), (700, "W"), (1000, "W")]
    first, second = found(*home, *work)
    assert first[3:5] == (0, 400)
    assert second[3:5] == (560, 1000)
    assert (first[6], second[6]) == (5, 4)  # they are still events of the stop


def test_an_outermost_event_counts_where_no_other_mast_is_in_reach():
    stops = found((0, "X"), (60, "A"), (120, "A"), (180, "A"), (240, "X"))
    assert stops[1][3:5] == (60, 180)


def test_doubt_leaves_a_stay_a_stay():
    stops = found((0, "A"), (20, "A"), (40, "A"), (100, "W"), (500, "W"), (900, "W"))
    assert stops[0][0] == "stay"
    assert CONFIRM_MINUTES > 40


def test_ping_pong_counts_where_it_began():
    assert found((0, "A"), (5, "B"), (10, "A")) == [("pass", "A", None, 0, 10, None, 3)]


def test_ping_pong_goes_over_several_sites_and_runs():
    assert len(found((0, "A"), (2, "B"), (4, "C"), (5, "C"), (9, "A"))) == 1


def test_ping_pong_beyond_its_distance_is_left_to_the_other_rules():
    stops = found((0, "A"), (1, "X"), (2, "A"))
    assert [stop[1] for stop in stops] == ["A", "X", "A"]


def test_a_single_event_within_reach_does_not_break_a_stay():
    assert found((0, "A"), (100, "A"), (200, "W"), (300, "A"), (400, "A")) == [
        ("stay", "A", None, 0, 400, None, 5)
    ]


def test_a_single_event_out_of_reach_does():
    assert len(found((0, "A"), (100, "A"), (200, "X"), (300, "A"), (400, "A"))) == 3


def test_a_real_stay_within_reach_is_found():
    trace = [(t, "A") for t in range(0, 500, 100)]
    trace += [(t, "W") for t in range(550, 1000, 100)]
    trace += [(t, "A") for t in range(1050, 1500, 100)]
    assert [(stop[0], stop[1]) for stop in found(*trace)] == [
        ("stay", "A"),
        ("stay", "W"),
        ("stay", "A"),
    ]


def test_the_dominant_cell_has_most_events_and_of_several_came_first():
    def cell(*cells):
        trace = [(10 * i, "A", c) for i, c in enumerate(cells)]
        return find_stops(events(trace), rules()).cell_number.tolist()

    assert cell(3, 2, 2) == [2]
    assert cell(3, 2, 2, 3) == [3]
    assert cell(NO_CELL, NO_CELL, 5) == [5]
    assert cell(NO_CELL) == [NO_CELL]


def test_events_of_one_instant_are_ordered_by_cell():
    one = find_stops(events([(0, "A", 1), (0, "X", 2), (50, "X", 2)]), rules())
    other = find_stops(events([(0, "X", 2), (0, "A", 1), (50, "X", 2)]), rules())
    assert_equal(one, other)
    assert one.latitude[0] == 0.0


def test_the_centre_is_the_site_itself_where_there_is_one():
    trace = Events(
        np.array([0, 2]),
        np.array([0, 40 * MINUTE]),
        np.full(2, -77.12345),
        np.full(2, 18.54321),
        np.zeros(2, np.int32),
    )
    stops = find_stops(trace, rules())
    assert (stops.longitude[0], stops.latitude[0]) == (-77.12345, 18.54321)


@pytest.mark.parametrize("latitude", [0.0, 89.999])
def test_a_place_lies_across_the_date_line_and_at_the_pole(latitude):
    trace = Events(
        np.array([0, 2]),
        np.array([0, 40 * MINUTE]),
        np.array([179.999, -179.999]),
        np.full(2, latitude),
        np.zeros(2, np.int32),
    )
    stops = find_stops(trace, rules())
    assert stops.is_stay.tolist() == [True]
    assert abs(stops.longitude[0]) == pytest.approx(180)


@pytest.mark.parametrize("centre", [MEDIAN, MEDOID, TIME_MEAN])
def test_every_centre_lies_among_the_sites(centre):
    trace = events([(0, "A"), (50, "A"), (100, "a"), (150, "A")])
    stops = find_stops(trace, rules(), centre)
    assert len(stops.is_stay) == 1
    assert -1e-9 <= stops.latitude[0] <= 0.8 * KM


def test_a_million_events_in_one_trace():
    n = 1_000_000
    random = np.random.default_rng(1)
    when = np.sort(random.integers(0, 90 * 1440, n)) * MINUTE + np.arange(n)
    site = random.integers(0, 300, n)
    trace = Events(np.array([0, n]), when, site * 0.004, site % 7 * 0.004, site.astype(np.int32))
    stops = find_stops(trace, rules())
    assert stops.n_events.sum() == n


DAY = 1440


def working_days(
    *days: int, home=((7, "A"), (20, "A")), work=((10, "W"), (15, "W"))
) -> list[tuple]:
    """Events of somebody at home and at work, by day (0 = a Thursday) and hour."""
    return [(day * DAY + hour * 60, place) for day in days for hour, place in sorted(home + work)]


# Two weeks, Monday to Friday.
FORTNIGHT = [day for week in (4, 11) for day in range(week, week + 5)]


def clock(minute: float | None) -> tuple[int, float] | None:
    """Day and hour."""
    return None if minute is None else (int(minute // DAY), minute % DAY / 60)


def with_routine(trace: list[tuple], **kwargs) -> list[dict]:
    stops = find_stops(events(sorted(trace)), rules(), **kwargs)
    return [
        {
            "kind": "stay" if stops.is_stay[i] else "pass",
            "place": min(PLACES, key=lambda name: abs(PLACES[name] * KM - stops.latitude[i])),
            "n": int(stops.n_events[i]),
            "cell": int(stops.cell_number[i]),
            "inferred": bool(stops.is_inferred[i]),
            "arrived": clock(stops.arrived_at[i] / MINUTE),
            "left": clock(stops.left_at[i] / MINUTE),
            "likely": (
                clock(stops.likely_arrived_at[i] / MINUTE),
                clock(stops.likely_left_at[i] / MINUTE),
            ),
        }
        for i in range(len(stops.is_stay))
    ]


def on(stops: list[dict], day: int, hour: float) -> dict:
    """The stop in whose likely time an hour lies."""
    [stop] = [s for s in stops if s["likely"][0] <= (day, hour) < s["likely"][1]]
    return stop


def test_a_silent_night_at_home_is_one_stay():
    evenings = [(day * DAY + hour * 60, "A") for day in range(6) for hour in (8, 18)]
    alone = with_routine(evenings, uses_routine=False)
    assert [stop["n"] for stop in alone] == [2] * 6  # fourteen hours of night end each
    [stop] = with_routine(evenings)
    assert (stop["kind"], stop["n"], stop["inferred"]) == ("stay", 12, True)
    assert (stop["arrived"], stop["left"]) == ((0, 8), (5, 18))


def test_a_night_without_an_event_is_spent_where_nights_are_spent():
    trace = working_days(*FORTNIGHT)
    gone = {(6 * DAY + 20 * 60, "A"), (7 * DAY + 7 * 60, "A")}
    trace = [event for event in trace if event not in gone]
    night = on(with_routine(trace), 7, 3)
    assert (night["place"], night["kind"], night["n"]) == ("A", "stay", 0)
    assert night["inferred"]
    assert night["cell"] == ord("A")  # the usual one there
    # Nothing is sure: one instant, in the middle.
    assert night["arrived"] == night["left"]
    assert (6, 16) <= night["likely"][0] <= (6, 20)
    assert (7, 7) <= night["likely"][1] <= (7, 10)
    assert not [s for s in with_routine(trace, uses_routine=False) if s["n"] == 0]


def test_a_working_day_without_an_event_is_spent_at_work():
    gone = {(6 * DAY + 10 * 60, "W"), (6 * DAY + 15 * 60, "W")}
    trace = [event for event in working_days(*FORTNIGHT) if event not in gone]
    assert on(with_routine(trace), 6, 12)["place"] == "W"
    # But not on a day on which the phone was heard of at home.
    assert on(with_routine([*trace, (6 * DAY + 12 * 60, "A")]), 6, 12)["place"] == "A"


def test_one_event_at_a_known_place_in_its_hours_is_a_stay():
    gone = {(6 * DAY + 10 * 60, "W")}
    trace = [event for event in working_days(*FORTNIGHT) if event not in gone]
    work = on(with_routine(trace), 6, 12)
    assert (work["place"], work["kind"], work["n"], work["inferred"]) == ("W", "stay", 1, True)
    assert work["arrived"] == work["left"] == (6, 15)


def test_a_stay_that_its_events_show_is_not_inferred():
    work = on(with_routine(working_days(*FORTNIGHT)), 6, 12)
    assert (work["kind"], work["n"], work["inferred"]) == ("stay", 2, False)
    assert (work["arrived"], work["left"]) == ((6, 10), (6, 15))


def test_routine_needs_five_days_and_a_place_two():
    gone = {(6 * DAY + 20 * 60, "A"), (7 * DAY + 7 * 60, "A")}
    week = [event for event in working_days(4, 5, 6, 7, 8) if event not in gone]
    assert on(with_routine(week), 7, 3)["n"] == 0
    few = [event for event in week if event[0] < 8 * DAY]
    assert with_routine(few) == with_routine(few, uses_routine=False)
    # Seen once, X is where somebody was and no place to which they return.
    once = with_routine([*working_days(*FORTNIGHT), (9 * DAY + 720, "X")])
    [far] = [stop for stop in once if stop["place"] == "X"]
    assert (far["kind"], far["n"]) == ("pass", 1)


def test_nothing_is_inferred_over_more_than_a_week_of_silence():
    weeks = with_routine(working_days(*range(4, 9), *range(18, 23)))
    assert not [s for s in weeks if s["likely"][0] < (12, 0) < s["likely"][1]]


# People with a routine: weeks with events at few places at any hour.
trace_of_weeks = st.lists(
    st.tuples(
        st.integers(0, 12), st.integers(0, 23), st.sampled_from("AAAWWBX"), st.integers(0, 59)
    ).map(lambda e: (e[0] * DAY + e[1] * 60 + e[3], e[2])),
    max_size=60,
)


@given(st.lists(trace_of_weeks, max_size=3))
def test_inferred_stops_are_ordered_and_within_their_bounds(traces):
    stops = find_stops(events(*traces), rules(len(traces)))
    is_known = stops.left_before != NO_TIME
    assert np.all(stops.arrived_after <= stops.likely_arrived_at)
    assert np.all(stops.likely_arrived_at <= stops.arrived_at)
    assert np.all(stops.arrived_at <= stops.left_at)
    assert np.all(stops.left_at <= stops.likely_left_at)
    assert np.all(stops.likely_left_at[is_known] <= stops.left_before[is_known])
    is_shown = stops.left_at - stops.arrived_at >= 30 * MINUTE
    assert np.all(stops.is_stay[is_shown])
    assert np.all(stops.is_inferred[stops.is_stay & ~is_shown])
    for i, trace in enumerate(traces):
        own = slice(stops.offsets[i], stops.offsets[i + 1])
        assert np.all(stops.left_at[own][:-1] <= stops.arrived_at[own][1:])
        assert stops.n_events[own].sum() == len(set(trace))
        alone = find_stops(events(trace), rules())
        for field in fields(Stops)[1:]:
            np.testing.assert_array_equal(
                getattr(alone, field.name), getattr(stops, field.name)[own]
            )


@given(trace_of_weeks.filter(len), st.data(), st.integers(-60, 60))
def test_routine_does_not_depend_on_order_and_copies_and_moves_with_the_week(trace, data, weeks):
    copies = data.draw(st.lists(st.sampled_from(trace), max_size=5))
    shuffled = data.draw(st.permutations(trace + copies))
    stops = find_stops(events(trace), rules())
    assert_equal(stops, find_stops(events(shuffled), rules()))
    later = find_stops(events([(t + weeks * 7 * DAY, place) for t, place in trace]), rules())
    np.testing.assert_array_equal(
        later.likely_left_at - stops.likely_left_at, weeks * 7 * DAY * MINUTE
    )


trace_of_any_kind = st.lists(
    st.tuples(st.integers(0, 3000), st.sampled_from(sorted(PLACES)), st.integers(0, 3)), max_size=40
)
traces_of_any_kind = st.lists(trace_of_any_kind, max_size=4)


def assert_equal(one: Stops, other: Stops) -> None:
    for field in fields(Stops):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@given(traces_of_any_kind)
def test_stops_are_ordered_and_apart_and_hold_each_event_once(traces):
    stops = find_stops(events(*traces), rules(len(traces)))
    for i, trace in enumerate(traces):
        own = slice(stops.offsets[i], stops.offsets[i + 1])
        arrived, left = stops.arrived_at[own], stops.left_at[own]
        assert np.all(arrived <= left)
        assert np.all(left[:-1] <= arrived[1:])
        assert stops.n_events[own].sum() == len({event[:2] for event in trace})


@given(traces_of_any_kind)
def test_bounds_are_ordered(traces):
    stops = find_stops(events(*traces), rules(len(traces)))
    is_known = stops.left_before != NO_TIME
    assert np.all(stops.arrived_after <= stops.arrived_at)
    assert np.all(stops.left_at[is_known] <= stops.left_before[is_known])
    np.testing.assert_array_equal(stops.is_stay, stops.left_at - stops.arrived_at >= 30 * MINUTE)


@given(traces_of_any_kind, st.integers(-(10**6), 10**6))
def test_a_shift_in_time_shifts_the_stops(traces, minutes):
    flat, settings_ = events(*traces), rules(len(traces))
    moved = find_stops(replace(flat, event_us=flat.event_us + minutes * MINUTE), settings_)
    stops = find_stops(flat, settings_)
    for name in ("arrived_after", "arrived_at", "left_at", "left_before"):
        times = getattr(stops, name)
        shifted = np.where(times == NO_TIME, times, times + minutes * MINUTE)
        np.testing.assert_array_equal(getattr(moved, name), shifted)
    np.testing.assert_array_equal(moved.latitude, stops.latitude)


@given(traces_of_any_kind)
def test_a_subscriber_does_not_depend_on_the_others(traces):
    together = find_stops(events(*traces), rules(len(traces)))
    alone = [find_stops(events(trace), rules()) for trace in traces]
    for field in fields(Stops)[1:]:
        parts = [getattr(stops, field.name) for stops in alone]
        expected = np.concatenate(parts) if parts else []
        np.testing.assert_array_equal(getattr(together, field.name), expected)


@given(trace_of_any_kind.filter(len), st.data())
def test_copies_and_the_order_of_events_change_nothing(trace, data):
    # Of equal instants at one place the smallest cell counts, copy or not.
    copies = data.draw(st.lists(st.sampled_from(trace), max_size=5))
    shuffled = data.draw(st.permutations(trace + copies))
    assert_equal(find_stops(events(trace), rules()), find_stops(events(shuffled), rules()))


far_apart = st.lists(
    st.tuples(st.integers(0, 4000), st.sampled_from(["A", "X", "Y"]), st.integers(0, 2)),
    unique_by=lambda event: event[0],
    max_size=40,
)


@given(far_apart, st.sampled_from([0, 30, 120]), st.sampled_from([60, 200, 720]))
def test_places_out_of_reach_follow_the_plain_rule(trace, stay, gap):
    """An oracle, slow and plain: runs at one place without a long silence, neighbours as bounds."""
    trace = sorted(trace)
    runs: list[list[tuple]] = []
    for event in trace:
        last = runs[-1][-1] if runs else None
        if last and last[1] == event[1] and event[0] - last[0] <= gap:
            runs[-1].append(event)
        else:
            runs.append([event])
    expected = []
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        begin, end = run[0][0], run[-1][0]
        after_bound = before[-1][0] if before and begin - before[-1][0] <= gap else None
        before_bound = after[0][0] if after and after[0][0] - end <= gap else None
        kind = "stay" if end - begin >= stay else "pass"
        expected.append((kind, run[0][1], after_bound, begin, end, before_bound, len(run)))
    assert found(*trace, stay=float(stay), gap=float(gap)) == expected
    cells = find_stops(events(trace), rules(stay=stay, gap=gap)).cell_number.tolist()
    for cell, run in zip(cells, runs, strict=True):
        counts = [[e[2] for e in run].count(e[2]) for e in run]
        assert cell == run[counts.index(max(counts))][2]


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from("ABW")), min_size=1, max_size=7))
def test_no_course_is_cheaper_than_the_one_taken(steps):
    """Against every course there is: the one taken costs what the cheapest costs."""
    sites = sorted({place for _, place in steps})
    when = np.cumsum([minutes for minutes, _ in steps])
    observed = [place for _, place in steps]

    def cost(course):
        begins = [i for i in range(len(course)) if i == 0 or course[i] != course[i - 1]]
        if any(observed[i] != course[i] for i in begins):
            return float("inf")  # a visit begins with an event at its place
        total = float(sum(seen != place for seen, place in zip(observed, course, strict=True)))
        for i in range(1, len(course)):
            slowness = min(1.0, (when[i] - when[i - 1]) / (SLOW_HOURS * 60))
            move = QUICK_MOVE_COST + slowness * (SLOW_MOVE_COST - QUICK_MOVE_COST)
            total += move if course[i] != course[i - 1] else 0.0
        return total

    least = min(cost(course) for course in product(sites, repeat=len(steps)))
    position = np.array([[PLACES[place] / EARTH_RADIUS_KM, 0.0, 0.0] for place in sites])
    site = np.array([sites.index(place) for place in observed])
    microseconds = when.astype(np.int64) * MINUTE
    reach = SITE_REACH_KM / EARTH_RADIUS_KM
    nobody = np.empty(0, np.int64)
    at = _most_plausible(microseconds, site, position, 1 / EARTH_RADIUS_KM, reach, 10**12, nobody)[
        0
    ]
    # Events between two visits keep their own sites: fill them in as cheaply as can be.
    is_fixed = at != site
    courses = (
        course
        for course in product(sites, repeat=len(steps))
        if all(sites.index(course[i]) == at[i] for i in np.flatnonzero(is_fixed))
    )
    assert min(cost(course) for course in courses) == pytest.approx(least)
