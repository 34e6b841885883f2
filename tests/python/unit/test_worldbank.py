"""The World Bank's numbers and ours: equal where its rule is sound, and what each mend changes.

tests/python/support/worldbank.py has its rules with our mends to switch on, one by one.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.python.support import reference
from tests.python.support.worldbank import MENDS, connect, indicator
from throng.synth.generator import generate
from throng.synth.settings import Settings

#: A degree of longitude apart; x is in no region.
CELLS = pd.DataFrame(
    [(name, name.upper(), float(place), 0.0) for place, name in enumerate("abcz")]
    + [("x", None, 9.0, 0.0)],
    columns=["cell_id", "region", "longitude", "latitude"],
)
WEEK = ("2020-02-03", "2020-02-09")
FORTNIGHT = ("2020-02-03", "2020-02-16")
MONTH = ("2020-02-03", "2020-02-23")
DEGREE_KM = 111.195080
#: Marts that have these indicators.
OURS = (
    *("count_subscribers", "count_residents", "distance_travelled", "day_locations"),
    *("od_matrix_directed_all_pairs", "od_matrix_directed_between_days", "stay_times_od"),
)


def found(name: str, mends, events: str, study: tuple[str, str]) -> list[tuple]:
    """Rows of an indicator of a few events, such as "1 02-03 08:00 a", by comma; days as text."""
    calls = pd.DataFrame(
        [
            (who, pd.Timestamp(f"2020-{day} {time}"), cell)
            for who, day, time, cell in (event.split() for event in events.split(","))
        ],
        columns=["subscriber_id", "event_at", "cell_id"],
    )
    with connect(calls, CELLS, *study) as con:
        frame = indicator(con, name, mends)
    for column in frame.select_dtypes("datetime"):
        frame[column] = frame[column].dt.strftime("%m-%d")
    return list(frame.itertuples(index=False, name=None))


#: Indicator, mend, events, study, and the rows by their rule and by ours.
CASES = [
    (
        *("subscribers", "study_ends_at_midnight", "1 02-10 00:00 a", WEEK),
        *([("02-10", "A", 1)], []),
    ),
    (
        *("subscribers", "no_unknown_region", "1 02-03 08:00 x", WEEK),
        *([("02-03", "99999", 1)], []),
    ),
    (
        *("connections", "no_unknown_region", "1 02-03 10:00 x, 1 02-04 10:00 a", WEEK),
        *([("02-04", "99999", "A", 0, 1)], []),
    ),
    (
        *("connections", "instants_count_both_ways", "1 02-03 10:00 a, 1 02-03 10:00 b", WEEK),
        *([], [("02-03", "A", "B", 1, 0), ("02-03", "B", "A", 1, 0)]),
    ),
    (
        *("connections", "kinds_are_not_added"),
        "1 02-03 20:00 a, 1 02-04 08:00 b, 2 02-04 09:00 a, 2 02-04 10:00 b",
        *(WEEK, [("02-04", "A", "B", 2)], [("02-04", "A", "B", 1, 1)]),
    ),
    (
        *("homes", "no_unknown_region", "1 02-03 20:00 x, 1 02-04 20:00 x, 1 02-05 20:00 a", WEEK),
        *([("02-03", "99999", 1)], [("02-03", "A", 1)]),
    ),
    (
        # One day ends at two places at once.
        *("homes", "one_last_event"),
        "1 02-03 20:00 a, 1 02-04 20:00 a, 1 02-04 20:00 b, 1 02-05 20:00 b",
        *(WEEK, [("02-03", "B", 1)], [("02-03", "A", 1)]),
    ),
    (
        # There whichever comes last; here the smaller name stands for that.
        *("homes", "latest_day_wins", "1 02-03 20:00 a, 1 02-04 20:00 b", WEEK),
        *([("02-03", "A", 1)], [("02-03", "B", 1)]),
    ),
    (
        *("homes", "weeks_at_the_edges", "1 02-06 20:00 a", ("2020-02-05", "2020-02-09")),
        *([], [("02-03", "A", 1)]),
    ),
    (
        # Who has one event does not count there; who has two at one place does.
        *("distance", "who_does_not_move_counts"),
        "1 02-03 08:00 a, 2 02-03 08:00 a, 2 02-03 09:00 a",
        *(WEEK, [("02-03", "A", 1, 0.0, 0.0)], [("02-03", "A", 2, 0.0, 0.0)]),
    ),
    (
        *("distance", "mean_radius_of_the_earth", "1 02-03 08:00 a, 1 02-03 09:00 b", WEEK),
        [("02-03", "B", 1, pytest.approx(DEGREE_KM * 6373 / 6371.0088), 0.0)],
        [("02-03", "B", 1, pytest.approx(DEGREE_KM), 0.0)],
    ),
    (
        # A day of 48 hours.
        *("day_locations", "midnight_cuts", "1 02-03 08:00 a, 1 02-05 08:00 b", WEEK),
        [("02-03", "B", "A", 1, 48.0), ("02-05", "B", "B", 1, 112.0)],
        [("02-03", "B", "A", 1, 16.0), ("02-05", "B", "B", 1, 16.0)],
    ),
    (
        *("day_locations", "silence_lasts_seven_days", "1 02-03 08:00 a, 1 02-23 08:00 b", MONTH),
        [("02-03", "B", "A", 1, 0.0), ("02-23", "B", "B", 1, 16.0)],
        [("02-03", "B", "A", 1, 16.0), ("02-23", "B", "B", 1, 16.0)],
    ),
    (
        *("day_locations", "home_of_the_reference_period"),
        "1 02-03 00:00 a, 1 02-04 00:00 a, 1 02-10 00:00 b",
        FORTNIGHT,
        [("02-03", "A", "A", 1, 24.0), ("02-04", "A", "A", 1, 24.0), ("02-10", "B", "B", 1, 24.0)],
        [("02-03", "A", "A", 1, 24.0), ("02-04", "A", "A", 1, 24.0), ("02-10", "A", "B", 1, 24.0)],
    ),
    (
        # What is between the first and the last event of a stay is lost there, and all but the
        # last interval at the origin: 4 hours at A of 6, and 2 before B; 5 at B before C.
        *("stay_times", "whole_stays"),
        "1 02-03 07:00 z, 1 02-03 08:00 a, 1 02-03 10:00 a, 1 02-03 12:00 a, "
        "1 02-03 14:00 b, 1 02-03 15:00 b, 1 02-03 20:00 c",
        ("2020-02-03", "2020-02-03"),
        [("02-03", "A", "B", 1, 2, 6), ("02-03", "B", "C", 1, 5, 4), ("02-03", "Z", "A", 1, 1, 4)],
        [("02-03", "A", "B", 1, 6, 6), ("02-03", "B", "C", 1, 6, 4), ("02-03", "Z", "A", 1, 1, 6)],
    ),
    (
        *("stay_times", "silence_lasts_seven_days", "1 02-03 08:00 a, 1 02-03 09:00 b", MONTH),
        *([("02-03", "A", "B", 1, 1, 0)], [("02-03", "A", "B", 1, 1, 168)]),
    ),
    (
        # A move between two days has its own mart here.
        *("stay_times", "within_a_day", "1 02-03 20:00 a, 1 02-04 08:00 b", WEEK),
        *([("02-04", "A", "B", 1, 12, 136)], []),
    ),
    (
        # One person's two moves and another's one: a mean of three, or of two people.
        *("stay_times", "people_first"),
        "1 02-03 08:00 a, 1 02-03 09:00 b, 1 02-03 10:00 a, 1 02-03 12:00 b, "
        "2 02-03 10:00 a, 2 02-03 16:00 b",
        ("2020-02-03", "2020-02-03"),
        [("02-03", "A", "B", 3, 3, 7), ("02-03", "B", "A", 1, 1, 2)],
        [("02-03", "A", "B", 2, 3.75, 7.25), ("02-03", "B", "A", 1, 1, 2)],
    ),
]


def test_each_mend_has_a_case():
    cases = {(name, mend) for name, mend, *_ in CASES}
    assert cases == {(name, mend) for name, mends in MENDS.items() for mend in mends}


@pytest.mark.parametrize(
    ("name", "mend", "events", "study", "theirs", "ours"),
    CASES,
    ids=[f"{name}-{mend}" for name, mend, *_ in CASES],
)
def test_a_mend_alone_changes_this(name, mend, events, study, theirs, ours):
    every = set(MENDS[name])
    assert found(name, every - {mend}, events, study) == theirs
    assert found(name, every, events, study) == ours
    assert theirs != ours


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """A synthetic country: as the marts count it, and its events as the World Bank's code has them.

    Every cell of an event is in a region.
    """
    folder = tmp_path_factory.mktemp("country")
    settings = Settings(
        300, date(2020, 2, 3), days=14, seed=11, areas=(2, 4, 8), sites=40, dirt=False
    )
    generate(settings, folder / "landing", folder / "truth")
    study = {"study_start": FORTNIGHT[0], "study_end": FORTNIGHT[1]}
    with reference.counted_from(folder / "landing", **study) as con:
        marts = reference.candidates_of(con, {name: reference.MARTS[name] for name in OURS})
        # A cell that has moved is another cell.
        where = "from judged where reason is null and area_id <> ''"
        cell = "cell_id || '@' || coalesce(cast(longitude as text), '') as cell_id"
        calls = con.execute(f"select subscriber_id, event_at, {cell} {where}").df()
        cells = con.execute(
            f"select distinct {cell}, area_id as region, longitude, latitude {where}"
        ).df()
    finest = {name: frame[frame["area_level"] == "admin3"] for name, frame in marts.items()}
    with connect(calls, cells, *FORTNIGHT) as con:
        yield con, finest


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """The rows of some columns in order, days as text and numbers rounded."""
    chosen = frame[list(columns)].copy()
    assert len(chosen) > 5
    for column in chosen:
        if chosen[column].dtype.kind == "M":
            chosen[column] = chosen[column].dt.strftime("%Y-%m-%d")
        elif chosen[column].dtype.kind == "f":
            chosen[column] = chosen[column].round(6) + 0.0
    return sorted(chosen.itertuples(index=False, name=None))


def of_period(frame: pd.DataFrame, period: str) -> pd.DataFrame:
    return frame[frame["period"] == period]


def test_with_every_mend_they_are_our_marts(country):
    con, marts = country

    def mended(name: str) -> pd.DataFrame:
        return indicator(con, name, MENDS[name])

    day, two = "period_start", ("from_area_id", "to_area_id")
    assert rows(mended("subscribers"), "day", "region", "n_subscribers") == rows(
        of_period(marts["count_subscribers"], "day"), day, "area_id", "n_subscribers"
    )
    pairs = mended("connections")
    there = ("day", "from_region", "to_region")
    same_day, between = pairs[pairs["n_same_day"] > 0], pairs[pairs["n_between"] > 0]
    ours = marts["od_matrix_directed_all_pairs"]
    assert rows(same_day, *there, "n_same_day") == rows(
        ours[ours["from_area_id"] != ours["to_area_id"]], day, *two, "n_subscribers"
    )
    assert rows(between, *there, "n_between") == rows(
        marts["od_matrix_directed_between_days"], day, *two, "n_subscribers"
    )
    assert rows(mended("homes"), "week", "home_region", "n_subscribers") == rows(
        of_period(marts["count_residents"], "week"), day, "area_id", "n_subscribers"
    )
    numbers = ("mean_travelled_km", "standard_deviation_travelled_km")
    km = ("n_subscribers", "mean_km", "deviation_km")
    assert rows(mended("distance"), "day", "home_region", *km) == rows(
        of_period(marts["distance_travelled"], "day"),
        *(day, "home_area_id", "n_subscribers", *numbers),
    )
    assert rows(
        mended("day_locations"), "day", "home_region", "day_region", "n_subscribers", "mean_hours"
    ) == rows(
        marts["day_locations"],
        *(day, "home_area_id", "day_area_id", "n_subscribers", "mean_hours"),
    )
    hours = ("mean_hours_at_origin", "mean_hours_at_destination")
    assert rows(
        mended("stay_times"), *there, "n", "hours_at_origin", "hours_at_destination"
    ) == rows(marts["stay_times_od"], day, *two, "n_subscribers", *hours)


def test_without_any_mend_the_sound_numbers_are_the_same(country):
    """Every event has a region and nobody two at an instant: no column of these needs a mend."""
    con, marts = country
    day = "period_start"
    assert rows(indicator(con, "subscribers", ()), "day", "region", "n_subscribers") == rows(
        of_period(marts["count_subscribers"], "day"), day, "area_id", "n_subscribers"
    )
    # The total of theirs is the sum of two of our marts.
    pairs = marts["od_matrix_directed_all_pairs"]
    pairs = pairs[pairs["from_area_id"] != pairs["to_area_id"]]
    both = pd.concat([pairs, marts["od_matrix_directed_between_days"]])
    total = both.groupby([day, "from_area_id", "to_area_id"])["n_subscribers"].sum().reset_index()
    assert rows(indicator(con, "connections", ()), "day", "from_region", "to_region", "total") == (
        rows(total, day, "from_area_id", "to_area_id", "n_subscribers")
    )
    # People who moved: how many kilometres together, by their radius.
    distance = indicator(con, "distance", ())
    ours = of_period(marts["distance_travelled"], "day")
    distance["km"] = distance["mean_km"] * distance["n_subscribers"] * 6371.0088 / 6373
    moved = distance[distance["km"] > 0].round({"km": 4})
    ours = ours[ours["total_travelled_km"] > 0].round({"total_travelled_km": 4})
    assert rows(moved, "day", "home_region", "km") == rows(
        ours, day, "home_area_id", "total_travelled_km"
    )
