"""The DuckDB reference and the edge country against answers worked out by hand. No Spark."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from tests.python.support import edge_country, reference

# Cell c1 is in area a1, c2 in a2 (both in province p), c3 in b1 (province q), c0 nowhere. Cell c9
# is in a1 as well and comes after the others.
CELLS = """cell_id,longitude,latitude,area_id
c1,0,0,a1
c2,0,0,a2
c3,0,0,b1
c9,0,0,a1
c0,0,0,
"""
AREAS = """area_id,area_level,area_name,parent_area_id
a1,district,A 1,p
a2,district,A 2,p
b1,district,B 1,q
p,province,P,
q,province,Q,
"""


@pytest.fixture
def landing(tmp_path):
    """Write a landing folder from events as 'who day-of-January time cell', or from whole files."""

    def write(*events, files=None, cells=CELLS, areas=AREAS):
        lines = []
        for event in events:
            who, at, cell = event.split(" ", 1)[0], *event.split(" ", 1)[1].rsplit(" ", 1)
            day, time = at.split(" ")
            lines.append(f"{who},{day if '-' in day else f'2020-01-{day}'} {time},{cell}")
        files = files or {"e.csv": "\n".join(["subscriber_id,event_at,cell_id", *lines]) + "\n"}
        for name, text in files.items():
            path = tmp_path / "events" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        for name, text in (("cell_sites", cells), ("areas", areas)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{name}.csv").write_text(text)
        return tmp_path

    return write


def cells_of(table: pd.DataFrame, **where) -> dict:
    """{remaining keys: measure(s)}; period_start as 'yyyy-MM-dd' or 'yyyy-MM-dd HH'."""
    found = {}
    for row in table.to_dict("records"):
        at = row["period_start"]
        hour = f" {at:%H}" if row.get("period") == "hour" else ""
        row["period_start"] = f"{at:%Y-%m-%d}{hour}"
        if any(row[name] != value for name, value in where.items()):
            continue
        keys = [
            value
            for name, value in row.items()
            if name not in where and not name.startswith("n_") and name != "subscriber_id"
        ]
        measures = [value for name, value in row.items() if name.startswith("n_")]
        found[tuple(keys) if len(keys) != 1 else keys[0]] = (
            measures[0] if len(measures) == 1 else tuple(measures)
        )
    return found


def homes_of(expected, period, start, level="district") -> dict:
    homes = expected.homes
    chosen = homes[
        (homes.period == period)
        & (homes.period_start == pd.Timestamp(start))
        & (homes.area_level == level)
    ]
    return dict(zip(chosen.subscriber_id, chosen.area_id, strict=True))


# --------------------------------------------------------------------------------------------------
# Rows in and out
# --------------------------------------------------------------------------------------------------


def test_the_first_reason_that_applies_is_the_reason(landing):
    rows = {
        "s,2020-01-02 10:00:00": "malformed_row",
        "s,2020-01-02 10:00:00,c1,": "malformed_row",
        ",no": "malformed_row",
        ",,": "missing_subscriber",
        " ,2020-01-02 10:00:00,c1": "missing_subscriber",
        "\\N,2020-01-02 10:00:00,c1": "missing_subscriber",
        "00000,2020-01-02 10:00:00,c1": "missing_subscriber",
        " NULL ,,": "missing_subscriber",
        "s,,": "missing_time",
        "s,  ,c1": "missing_time",
        "s,2020-01-02 24:00:00,": "unparsable_time",
        "s,2020-02-30 10:00:00,c1": "unparsable_time",
        "s,2020-01-02 1:00:00,c1": "unparsable_time",
        "s,2019-12-31 23:59:59,": "outside_study",
        "s,2020-01-11 00:00:00,zz": "outside_study",
    }
    text = "subscriber_id,event_at,cell_id\n"
    found = {}
    for i, row in enumerate(rows):
        folder = landing(files={f"{i:02d}.csv": f"{text}{row}\n"})
    # The first and the last instant of the study are in it; so is 29 February of a leap year.
    landing(files={"good.csv": f"{text}s,2020-01-01 00:00:00,c1\n\ns,2020-01-10 23:59:59,c0\n"})
    expected = reference.expected(folder, study_start="2020-01-01", study_end="2020-01-10")
    for row in expected.rejected.to_dict("records"):
        found[row["source_file"]] = (row["reason"], row["n_rows"])
    assert found == {f"{i:02d}.csv": (reason, 1) for i, reason in enumerate(rows.values())}
    assert set(rows.values()) == set(reference.REASONS) - {"duplicate"}
    # The blank line is no row.
    assert dict(expected.rows_read.itertuples(index=False)) == {
        **dict.fromkeys(found, 1),
        "good.csv": 2,
    }
    # c0 has no area: that event is accepted and counts nowhere.
    assert cells_of(expected.candidates["total_subscribers"], period="day") == {"2020-01-01": 1}


def test_copies_count_once_and_the_first_file_keeps_its_row(landing):
    header = "subscriber_id,event_at,cell_id,duration_s,event_type\n"
    one = "s,2020-01-02 10:00:00,c1,60,call\n"
    folder = landing(
        files={
            "b.csv": header + one + " s ,2020-01-02 10:00:00, c1,60 ,call\n",
            "a/z.csv.gz": header + one + "s,2020-01-02 10:00:00,c1,61,call\n",
            "a.csv": header + "s,2020-01-02 10:00:00,c1,,call\ns,2020-01-02 10:00:00,c1,60,\n",
            # No optional columns: the same as empty ones.
            "c.csv": "cell_id,event_at,subscriber_id\nc1,2020-01-02 11:00:00,s\n",
            "d.csv": header + "s,2020-01-02 11:00:00,c1,,\n" + "s,2020-01-02 11:00:00,zz,,\n" * 2,
        }
    )
    expected = reference.expected(folder)
    rejected = {(r.source_file, r.reason): r.n_rows for r in expected.rejected.itertuples()}
    assert rejected == {
        ("b.csv", "duplicate"): 2,
        ("d.csv", "duplicate"): 2,  # one of c1, one of a cell that is not known
    }
    assert cells_of(expected.candidates["count_events"], period="day", area_level="district") == {
        ("2020-01-02", "a1"): (1, 5)
    }


def test_cells_move_overlap_and_pause(landing):
    cells = """cell_id,area_id,valid_from,valid_to
m,a1,,2020-01-05 12:00:00
m,a2,2020-01-05 12:00:00,
o,b1,2020-01-03,2020-01-10
o,a1,,
o,a2,2020-01-03,2020-01-04
o,,2020-01-06,2020-01-07
g,a1,2020-01-02 00:00:00,2020-01-03 00:00:00
"""
    events = {
        "m1 05 11:59:59 m": "a1",
        "m2 05 12:00:00 m": "a2",
        "o1 02 23:59:59 o": "a1",
        "o2 03 00:00:00 o": "a2",
        "o3 04 00:00:00 o": "b1",
        "o4 06 10:00:00 o": None,
        "o5 07 00:00:00 o": "b1",
        "o6 10 00:00:00 o": "a1",
        "g1 01 23:59:59 g": None,
        "g2 02 00:00:00 g": "a1",
        "g3 02 23:59:59 g": "a1",
        "g4 03 00:00:00 g": None,
    }
    expected = reference.expected(landing(*events, cells=cells))
    assert homes_of(expected, "month", "2020-01-01") == {
        event.split()[0]: area for event, area in events.items() if area
    }
    assert expected.rejected.empty


def test_operator_names_delimiter_and_time_format(landing):
    folder = landing(files={"x.txt": "WHO;WHEN;WHERE;x\n07;20200102T101500;c1;1\n7;2020;c1;1\n"})
    expected = reference.expected(
        folder,
        event_columns={"subscriber_id": "WHO", "event_at": "WHEN", "cell_id": "WHERE"},
        event_delimiter=";",
        event_timestamp_format="yyyyMMdd'T'HHmmss",
    )
    assert cells_of(expected.candidates["count_subscribers"], area_level="province") == {
        ("hour", "2020-01-02 10", "p"): 1,
        ("day", "2020-01-02", "p"): 1,
        ("week", "2019-12-30", "p"): 1,
        ("month", "2020-01-01", "p"): 1,
    }
    assert expected.homes.subscriber_id.unique().tolist() == ["07"]
    assert expected.rejected.values.tolist() == [["x.txt", "unparsable_time", 1]]


# --------------------------------------------------------------------------------------------------
# The marts
# --------------------------------------------------------------------------------------------------


def test_counting_people_events_and_totals_around_new_year(landing):
    expected = reference.expected(
        landing(
            "s 2019-12-29 23:59:59 c1",  # Sunday
            "s 2019-12-30 00:00:00 c1",  # Monday: the week of New Year
            "s 2019-12-30 00:59:59 c9",
            "s 2019-12-31 23:59:59 c2",
            "t 2020-01-01 00:00:00 c1",
            "t 2020-01-05 23:59:59 c3",  # Sunday
            "u 2020-01-06 00:00:00 c1",
            "v 2020-01-06 00:00:00 c0",
        ),
        study_start="2019-12-29",
        study_end="2020-01-06",
    )
    people = expected.candidates["count_subscribers"]
    assert list(people.columns) == [
        *("period", "period_start", "area_level", "area_id", "n_subscribers")
    ]
    assert cells_of(people, period="week", area_level="district") == {
        ("2019-12-23", "a1"): 1,
        ("2019-12-30", "a1"): 2,
        ("2019-12-30", "a2"): 1,
        ("2019-12-30", "b1"): 1,
        ("2020-01-06", "a1"): 1,
    }
    assert cells_of(people, period="month", area_level="province") == {
        ("2019-12-01", "p"): 1,
        ("2020-01-01", "p"): 2,
        ("2020-01-01", "q"): 1,
    }
    assert cells_of(people, period="hour", area_id="a1", area_level="district") == {
        "2019-12-29 23": 1,
        "2019-12-30 00": 1,
        "2020-01-01 00": 1,
        "2020-01-06 00": 1,
    }
    events = expected.candidates["count_events"]
    assert list(events.columns)[-2:] == ["n_subscribers", "n_events"]
    assert set(events.period) == {"hour", "day"}
    assert cells_of(events, period="day", area_level="province", area_id="p") == {
        "2019-12-29": (1, 1),
        "2019-12-30": (1, 2),
        "2019-12-31": (1, 1),
        "2020-01-01": (1, 1),
        "2020-01-06": (1, 1),
    }
    totals = expected.candidates["total_subscribers"]
    assert list(totals.columns) == ["period", "period_start", "n_subscribers"]
    assert cells_of(totals) == {
        **{("day", f"2019-12-{day}"): 1 for day in (29, 30, 31)},
        **{("day", f"2020-01-0{day}"): 1 for day in (1, 5, 6)},
        ("week", "2019-12-23"): 1,
        ("week", "2019-12-30"): 2,
        ("week", "2020-01-06"): 1,
        ("month", "2019-12-01"): 1,
        ("month", "2020-01-01"): 2,
    }


def test_home_is_where_most_days_end(landing):
    expected = reference.expected(
        landing(
            # Many events by day, but the days end in a2.
            *[f"s 0{day} {hour}:00:00 c1" for day in (6, 7) for hour in (10, 11, 12)],
            *[f"s 0{day} 22:00:00 c2" for day in (6, 7)],
            # A day each: the more recent one.
            "t 06 10:00:00 c2",
            "t 07 10:00:00 c1",
            # At the last instant the smallest cell_id wins (area b1 of c3 before a1 of c9).
            "u 06 10:00:00 c9",
            "u 06 10:00:00 c3",
            # What happens where there is no area does not end a day.
            "v 06 10:00:00 c1",
            "v 06 11:00:00 c0",
            # Most days in b1 as a district; most days in p as a province.
            "w 06 10:00:00 c3",
            "w 07 10:00:00 c3",
            "w 08 10:00:00 c1",
            "w 09 10:00:00 c2",
            "w 10 10:00:00 c9",
            "w 11 10:00:00 c3",
            "w 12 10:00:00 c2",
            # Nowhere at all.
            "x 06 10:00:00 c0",
        )
    )
    district = {"s": "a2", "t": "a1", "u": "b1", "v": "a1", "w": "b1"}
    for period, start in (
        ("study", "2020-01-06"),
        ("reference", "2020-01-06"),
        ("week", "2020-01-06"),
        ("month", "2020-01-01"),
    ):
        assert homes_of(expected, period, start) == district
        assert homes_of(expected, period, start, "province") == {
            **{"s": "p", "t": "p", "u": "q", "v": "p", "w": "p"}
        }
    residents = expected.candidates["count_residents"]
    assert list(residents.columns)[:-1] == ["period", "period_start", "area_level", "area_id"]
    assert cells_of(residents, area_level="district", period="study") == {
        ("2020-01-06", "a1"): 2,
        ("2020-01-06", "a2"): 1,
        ("2020-01-06", "b1"): 2,
    }
    assert set(residents.period) == {"study", "reference", "week", "month"}
    assert residents.n_subscribers.sum() == 5 * 2 * 4


@pytest.mark.parametrize(
    ("window", "before", "reference_home"),
    [
        ({"home_start": "2020-01-07", "home_end": "2020-01-08"}, "2020-01-07", "a2"),
        ({"home_start": "2020-01-09"}, "2020-01-09", "b1"),
        ({"home_end": "2020-01-06"}, "2020-01-05", "a1"),
        ({}, "2020-01-05", "b1"),
    ],
)
def test_the_reference_window_is_inclusive_and_the_study_home_ignores_it(
    landing, window, before, reference_home
):
    expected = reference.expected(
        landing(
            "s 06 23:59:59 c1",
            "s 07 00:00:00 c2",
            "s 08 23:59:59 c2",
            *[f"s {day} 00:00:00 c3" for day in ("09", "10", "11")],
        ),
        study_start="2020-01-05",
        study_end="2020-01-12",
        **window,
    )
    assert homes_of(expected, "reference", before) == {"s": reference_home}
    assert homes_of(expected, "study", "2020-01-05") == {"s": "b1"}


def test_directed_pairs(landing):
    expected = reference.expected(
        landing(
            # a1 a2 b1 and back to a2; the cell without an area is skipped.
            "s 06 08:00:00 c1",
            "s 06 09:00:00 c0",
            "s 06 10:00:00 c2",
            "s 06 11:00:00 c3",
            "s 06 12:00:00 c2",
            # The next day begins anew.
            "s 07 00:00:00 c1",
        )
    )
    where = {"period": "day", "area_level": "district", "period_start": "2020-01-06"}
    everything = expected.candidates["od_matrix_directed_all_pairs"]
    assert cells_of(everything, **where) == {
        **{("a1", "a1"): 1, ("a2", "a2"): 1, ("b1", "b1"): 1},
        **{("a1", "a2"): 1, ("a1", "b1"): 1, ("a2", "b1"): 1, ("b1", "a2"): 1},
    }
    steps = expected.candidates["od_matrix_directed_consecutive_pairs"]
    assert cells_of(steps, **where) == {("a1", "a2"): 1, ("a2", "b1"): 1, ("b1", "a2"): 1}
    where["area_level"] = "province"
    assert cells_of(everything, **where) == {
        ("p", "p"): 1,
        ("q", "q"): 1,
        ("p", "q"): 1,
        ("q", "p"): 1,
    }
    # The step from a1 to a2 stays within p.
    assert cells_of(steps, **where) == {("p", "p"): 1, ("p", "q"): 1, ("q", "p"): 1}
    where["period_start"] = "2020-01-07"
    assert cells_of(everything, **where) == {("p", "p"): 1}
    assert cells_of(steps, **where) == {}
    for table in (everything, steps):
        assert list(table.columns) == [
            *("period", "period_start", "area_level", "from_area_id", "to_area_id"),
            "n_subscribers",
        ]


def test_pairs_of_one_instant(landing):
    expected = reference.expected(
        landing("s 06 08:00:00 c9", "s 06 08:00:00 c2", "s 06 08:00:00 c3")
    )
    where = {"period": "day", "area_level": "district", "period_start": "2020-01-06"}
    everything = cells_of(expected.candidates["od_matrix_directed_all_pairs"], **where)
    assert set(everything) == {(a, b) for a in ("a1", "a2", "b1") for b in ("a1", "a2", "b1")}
    steps = cells_of(expected.candidates["od_matrix_directed_consecutive_pairs"], **where)
    assert steps == {("a2", "b1"): 1, ("b1", "a1"): 1}


def test_undirected_pairs_have_no_diagonal_and_count_people_once(landing):
    expected = reference.expected(
        landing(
            *[f"s 06 0{hour}:00:00 c{1 + hour % 2}" for hour in range(8)],
            "t 06 10:00:00 c3",
            "t 06 11:00:00 c1",
            "t 07 11:00:00 c2",
        )
    )
    table = expected.candidates["od_matrix_undirected_all_pairs"]
    assert cells_of(table, period="day") == {
        ("2020-01-06", "district", "a1", "a2"): 1,
        ("2020-01-06", "district", "a1", "b1"): 1,
        ("2020-01-06", "province", "p", "q"): 1,
    }


VISITS = (
    # Home a1 (days 6 and 7), then seen elsewhere.
    "s 06 10:00:00 c1",
    "s 07 10:00:00 c1",
    "s 13 09:00:00 c2",
    "s 13 10:00:00 c3",
    "s 13 11:00:00 c9",
    # First seen after the home window.
    "n 13 10:00:00 c2",
    "n 13 11:00:00 c2",
    # Home a2, at home all day but for the sea.
    "h 07 10:00:00 c2",
    "h 13 10:00:00 c2",
    "h 13 11:00:00 c0",
    "h 13 12:00:00 c2",
)


def test_visits_relocations_single_and_home_area(landing):
    expected = reference.expected(landing(*VISITS), home_start="2020-01-06", home_end="2020-01-12")
    monday = {"period_start": "2020-01-13", "area_level": "district"}
    visits = expected.candidates["count_visits_home_away"]
    assert cells_of(visits, period="day", **monday) == {
        **{("a1", "a1"): 1, ("a1", "a2"): 1, ("a1", "b1"): 1},
        **{(None, "a2"): 1, ("a2", "a2"): 1},
    }
    moves = expected.candidates["count_home_relocations"]
    assert cells_of(moves, period="week", area_level="district") == {
        ("2020-01-06", "a1", "a1"): 1,
        ("2020-01-06", "a2", "a2"): 1,
        ("2020-01-13", "a1", "a1"): 1,
        ("2020-01-13", "a2", "a2"): 1,
        ("2020-01-13", None, "a2"): 1,
    }
    single = expected.candidates["count_subscribers_single_area"]
    assert cells_of(single, period="day", **monday) == {"a2": 2}
    at_home = expected.candidates["count_subscribers_home_area"]
    assert cells_of(at_home, period="day", **monday) == {"a2": 1}
    # As provinces: s is in p and q, n in p without a home, h at home in p.
    monday["area_level"] = "province"
    assert cells_of(visits, period="day", **monday) == {
        **{("p", "p"): 2, ("p", "q"): 1, (None, "p"): 1}
    }
    assert cells_of(single, period="day", **monday) == {"p": 2}
    assert cells_of(at_home, period="day", **monday) == {"p": 1}
    assert list(visits.columns)[3:5] == ["home_area_id", "visit_area_id"]
    assert list(moves.columns)[3:5] == ["previous_home_area_id", "new_home_area_id"]


def test_away_all_day_in_one_place_is_single_but_not_home(landing):
    expected = reference.expected(
        landing("s 06 10:00:00 c1", "s 07 10:00:00 c1", "s 08 10:00:00 c2")
    )
    where = {"period": "day", "area_level": "district"}
    single = cells_of(expected.candidates["count_subscribers_single_area"], **where)
    assert single == {("2020-01-06", "a1"): 1, ("2020-01-07", "a1"): 1, ("2020-01-08", "a2"): 1}
    at_home = cells_of(expected.candidates["count_subscribers_home_area"], **where)
    assert at_home == {("2020-01-06", "a1"): 1, ("2020-01-07", "a1"): 1}


def test_a_day_of_one_person_between_two_towns(landing):
    """In a1, 70 minutes later in b1, which is 111 km away; the study has one more day."""
    cells = "cell_id,longitude,latitude,area_id\nc1,0,0,a1\nc3,1,0,b1\n"
    expected = reference.expected(
        landing(
            "s 06 08:00:00 c1",
            "s 06 08:50:00 c1",
            "s 06 10:00:00 c3",
            "s 06 10:40:00 c3",
            "t 06 12:00:00 c1",
            cells=cells,
        ),
        study_start="2020-01-06",
        study_end="2020-01-07",
    )
    found = {
        name: table[table["area_level"] == "district"].drop(columns=["area_level", "period"])
        for name, table in expected.candidates.items()
        if "area_level" in table
    }
    day = pd.Timestamp("2020-01-06")
    assert found["count_stops"].values.tolist() == [
        [day, "a1", "pass_by", 1, 1],
        [day, "a1", "stay", 1, 1],
        [day, "b1", "stay", 1, 1],
    ]
    # When they came to a1, and when they left b1, nobody knows.
    stays = found["stay_durations"].set_index("area_id")
    assert stays["mean_at_least_minutes"].to_dict() == {"a1": 50, "b1": 40}
    assert stays["n_subscribers_at_most"].to_dict() == {"a1": 0, "b1": 0}
    assert stays["mean_at_most_minutes"].isna().all()
    [journey] = found["journeys_od"].query("period_start == @day").to_dict("records")[:1]
    assert (journey["from_area_id"], journey["to_area_id"]) == ("a1", "b1")
    assert journey["mean_distance_km"] == pytest.approx(111.195, abs=0.001)
    # They were gone from a1 by 10:00, and not yet in b1 at 8:50: no time at least.
    assert (journey["mean_at_least_minutes"], journey["mean_at_most_minutes"]) == (0, 70)
    # The middle of 8:50 and 10:00 is 9:25.
    assert found["journeys_by_hour"].values.tolist() == [
        [pd.Timestamp("2020-01-01"), "a1", "weekday", 9, 1]
    ]
    # The day ended in b1.
    assert found["trip_distances"].values.tolist() == [[day, "b1", 100, 1]]
    # The phone of t stayed where it was.
    travelled = found["distance_travelled"].set_index("home_area_id")["mean_travelled_km"]
    assert travelled.to_dict() == pytest.approx({"a1": 0, "b1": 111.195}, abs=0.001)
    rhythm = found["day_rhythm"].query("area_id == 'b1'")
    assert rhythm["n_residents"].eq(1).all()
    activities = dict(zip(rhythm["hour_of_day"], rhythm["activity"], strict=True))
    assert len(activities) == 24
    # One of two days is a tie with unknown.
    known = {hour: activity for hour, activity in activities.items() if activity != "unknown"}
    assert known == {8: "staying", 9: "moving", 10: "staying"}


def test_a_mart_is_the_part_of_its_candidate_with_enough_people(landing):
    expected = reference.expected(
        landing(
            *[f"s{i:02d} 06 10:00:00 c1" for i in range(15)],
            *[f"s{i:02d} 07 10:00:00 c1" for i in range(16)],
            *["s00 06 11:00:00 c3", *[f"s00 06 12:{m:02d}:00 c3" for m in range(40)]],
        )
    )
    marts = expected.marts(16)
    assert set(marts) == set(expected.candidates) == set(reference.KEYS)
    where = {"period": "day", "area_level": "district"}
    assert cells_of(expected.candidates["count_events"], **where) == {
        ("2020-01-06", "a1"): (15, 15),
        ("2020-01-06", "b1"): (1, 41),
        ("2020-01-07", "a1"): (16, 16),
    }
    assert cells_of(marts["count_events"], **where) == {("2020-01-07", "a1"): (16, 16)}
    assert cells_of(expected.marts(15)["count_events"], **where) == {
        ("2020-01-06", "a1"): (15, 15),
        ("2020-01-07", "a1"): (16, 16),
    }


# --------------------------------------------------------------------------------------------------
# The edge country
# --------------------------------------------------------------------------------------------------

WINDOWS = {
    "study_start": edge_country.STUDY_START,
    "study_end": edge_country.STUDY_END,
    "home_start": edge_country.HOME_START,
    "home_end": edge_country.HOME_END,
}


@pytest.fixture(scope="module")
def edge_landing(tmp_path_factory):
    landing = tmp_path_factory.mktemp("edge")
    edge_country.write_edge_country(landing)
    return landing


@pytest.fixture(scope="module")
def edge(edge_landing):
    return reference.expected(edge_landing, **WINDOWS)


@pytest.fixture(scope="module")
def edge_tables(edge_landing):
    with reference.counted_from(edge_landing, **WINDOWS) as con:
        yield con


def test_the_edge_country_is_the_same_every_time(edge_landing, tmp_path):
    edge_country.write_edge_country(tmp_path)
    files = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    assert {f.as_posix() for f in files} == {
        "areas/areas.csv",
        "cell_sites/cell_sites.csv",
        "events/2019-12.csv",
        "events/2020-01.csv",
        "events/empty.csv",
        "events/late/2020-01.csv.gz",
        "events/north masts.csv",
    }
    for file in files:
        assert (tmp_path / file).read_bytes() == (edge_landing / file).read_bytes(), file


def test_the_edge_country_has_its_size(edge):
    assert 5_000 <= edge.rows_read.n_rows.sum() <= 30_000
    assert 300 <= edge.homes.subscriber_id.nunique() <= 650
    assert set(edge.homes.area_level) == {"district", "province"}


def test_every_reason_occurs_twice_in_different_files(edge):
    rejected = edge.rejected
    assert set(rejected.reason) == set(reference.REASONS)
    for reason, rows in rejected.groupby("reason"):
        assert rows.source_file.nunique() >= 2, reason
        assert rows.n_rows.sum() >= 2, reason
    # No background traffic is in this file: see _faults, and the two copies of _copies.
    north = rejected[rejected.source_file == edge_country.NORTH]
    assert dict(zip(north.reason, north.n_rows, strict=True)) == {
        "malformed_row": 6,
        "missing_subscriber": 5,
        "missing_time": 2,
        "unparsable_time": 9,
        "outside_study": 5,
        "duplicate": 9,
    }


def test_groups_around_the_threshold_occur_in_every_mart(edge):
    for name, table in edge.candidates.items():
        if name == "total_subscribers":
            continue
        assert {14, 15, 16, 17} <= set(table.n_subscribers), name
    assert {15, 16} <= set(edge.candidates["total_subscribers"].n_subscribers)
    for period in ("hour", "day", "week", "month"):
        table = edge.candidates["count_subscribers"]
        assert {14, 15, 16, 17} <= set(table[table.period == period].n_subscribers), period
    residents = edge.candidates["count_residents"]
    assert {14, 15, 16, 17} <= set(residents[residents.period == "study"].n_subscribers)


@pytest.mark.parametrize("n", [14, 15, 16, 17])
def test_the_sized_groups_have_their_size_in_each_mart(edge, n):
    def value(mart, start, *keys, period="day"):
        return cells_of(
            edge.candidates[mart], period=period, area_level="district", period_start=start
        ).get(keys if len(keys) > 1 else keys[0])

    area = f"0{n}"
    assert value("count_subscribers", "2019-12-23", area) == n
    assert value("count_subscribers", "2019-12-23 09", area, period="hour") == n
    assert value("count_subscribers", "2019-12-23", area, period="week") == n
    assert value("count_events", "2019-12-23", area) == (n, n)
    assert value("count_residents", "2019-12-18", area, period="study") == n
    assert value("od_matrix_directed_all_pairs", "2019-12-27", area, "41") == n
    assert value("od_matrix_directed_consecutive_pairs", "2019-12-27", area, "41") == n
    assert value("od_matrix_undirected_all_pairs", "2019-12-27", area, "41") == n
    assert value("count_visits_home_away", "2019-12-27", area, "41") == n
    assert value("count_home_relocations", "2020-01-06", area, "41", period="week") == n
    assert value("count_subscribers_single_area", "2019-12-23", area) == n
    assert value("count_subscribers_home_area", "2019-12-23", area) == n


def test_the_cases_of_the_edge_country_by_hand(edge):
    people = edge.candidates["count_subscribers"]

    def seen(period, start, area):
        return cells_of(people, period=period, area_level="district", area_id=area).get(start, 0)

    # _gathered_over_time
    assert [seen("day", f"2019-12-{d}", "019") for d in (19, 20)] == [8, 8]
    assert seen("week", "2019-12-16", "019") == 16
    assert [seen("hour", f"2019-12-20 {h}", "21") for h in (10, 11)] == [8, 8]
    assert seen("day", "2019-12-20", "21") == 16
    assert seen("hour", "2019-12-22 10", "21") == 16
    assert seen("week", "2019-12-30", "022") == 16
    assert seen("month", "2019-12-01", "022") == 8 + 15 + 17 + 16  # year, xmas, tie, two
    totals = cells_of(edge.candidates["total_subscribers"], period="day")
    assert totals["2019-12-25"] == 15
    assert totals["2020-01-01"] == 16
    # _heavy_callers
    events = edge.candidates["count_events"]
    on_28 = cells_of(events, period="day", area_level="district", period_start="2019-12-28")
    assert {area: on_28[area] for area in ("015", "016", "018", "019")} == {
        "015": (15, 55),
        "016": (16, 16),
        "018": (6, 25),  # heavy 20 events, five of few
        "019": (1, 20),
    }
    # _edges
    assert seen("hour", "2019-12-18 00", "21") == 16
    assert seen("hour", "2020-01-14 23", "22") == 16
    assert people.period_start.max() < pd.Timestamp("2020-01-15")
    on_8 = {"period": "day", "area_level": "district", "period_start": "2020-01-08"}
    visits = cells_of(edge.candidates["count_visits_home_away"], **on_8)
    assert (visits[("021", "018")], visits[(None, "018")]) == (32, 32)
    # _cells
    steps = edge.candidates["od_matrix_directed_consecutive_pairs"]

    def step(day, a, b):
        return cells_of(steps, period_start=day, area_level="district", period="day").get((a, b), 0)

    assert step("2019-12-29", "21", "22") == 16
    assert step("2020-01-07", "018", "019") == 16
    assert [seen("day", f"2019-12-{d}", "21") for d in (28, 29)] == [16, 16 + 16]
    assert seen("day", "2019-12-26", "019") == 16
    assert seen("day", "2020-01-05", "018") == 16
    # _same_instant
    assert (step("2019-12-21", "22", "21"), step("2019-12-21", "21", "32")) == (17, 17)
    assert (step("2019-12-21", "21", "22"), step("2019-12-21", "22", "32")) == (0, 0)
    assert (step("2019-12-23", "22", "21"), step("2019-12-23", "21", "22")) == (17, 0)
    on_23 = {"period": "day", "area_level": "district", "period_start": "2019-12-23"}
    pairs = cells_of(edge.candidates["od_matrix_directed_all_pairs"], **on_23)
    assert (pairs[("21", "22")], pairs[("22", "21")]) == (17, 17)
    order = [step("2019-12-24", a, b) for a, b in (("32", "21"), ("21", "022"))]
    assert order == [17, 17]
    # _homes
    for level, homes in {
        "district": {"swap_00": "21", "paws_00": "22", "split_00": "021", "tie_00": "22"},
        "province": {"swap_00": "2", "paws_00": "2", "split_00": "3", "tie_00": "3"},
    }.items():
        found = homes_of(edge, "reference", "2019-12-21", level)
        assert {who: found[who] for who in homes} == homes
        assert not {"newsim_00", "after_00", "ajar_00", "midnight_00", "first_00"} & set(found)
    # The Monday and Tuesday nights 23 and 24 are 22 and 33: the later one.
    assert homes_of(edge, "week", "2019-12-23")["tie_00"] == "33"
    moves = cells_of(edge.candidates["count_home_relocations"], area_level="district")
    assert moves[("week", "2020-01-06", None, "21")] == 17
    # _identifiers
    assert seen("day", "2019-12-26", "22") == 16
    on_26 = cells_of(events, period="day", area_level="district", period_start="2019-12-26")
    assert on_26["21"] == (15, 30)
    # _copies
    on_31 = cells_of(events, period="day", area_level="district", period_start="2019-12-31")
    assert on_31["019"] == (16, 16 * 11)


def test_the_files_hold_what_they_promise(edge_landing):
    with (edge_landing / "events" / edge_country.DECEMBER).open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert {len(row) for row in rows} == {1, 2, 3, 7, 8, 9, 10}
    whole = [row for row in rows if len(row) == 8]
    for position in range(3, 8):
        filled = Counter(bool(row[position].strip()) for row in whole)
        assert min(filled[True], filled[False]) > 100, rows[0][position]
    assert any(row[0] != row[0].strip() for row in whole)
    assert any(row[2] != row[2].strip() for row in whole)
    assert {"00700", "0700"} <= {row[0] for row in whole}


# A wrong rule must show in what is published. Each mistake is put into the reference by text.
MISTAKES = {
    "valid_from is open": (
        "JUDGED",
        "versions.valid_from <= parsed",
        "versions.valid_from < parsed",
    ),
    "valid_to is closed": ("JUDGED", "versions.valid_to > parsed", "versions.valid_to >= parsed"),
    "first version holds": ("JUDGED", "valid_from desc nulls last", "valid_from asc nulls first"),
    "study_end at midnight": (
        "JUDGED",
        "cast($study_end as timestamp) + interval 1 day",
        "cast($study_end as timestamp)",
    ),
    "one day more": ("JUDGED", "event_at >= cast($study_end", "event_at > cast($study_end"),
    "study_start is open": (
        "JUDGED",
        "event_at < cast($study_start",
        "event_at <= cast($study_start",
    ),
    "copies stay": ("JUDGED", "when copy_no > 1 then 'duplicate'", ""),
    "copies without the type": ("JUDGED", "cell_id, event_type, direction", "cell_id, direction"),
    "copies without the volume": ("JUDGED", "duration_s, volume_mb\n", "duration_s\n"),
    "no trimming of subscribers": ("JUDGED", "trim(subscriber_id)", "(subscriber_id)"),
    "no trimming of cells": ("JUDGED", "trim(cell_id)", "(cell_id)"),
    "subscribers are numbers": ("JUDGED", "trim(subscriber_id)", "ltrim(subscriber_id, ' 0')"),
    "largest cell ends the day": ("HOMES", "cell_id asc", "cell_id desc"),
    "smallest area ends the day": ("HOMES", "cell_id asc", "area_id asc"),
    "older home of a tie": ("HOMES", "max(evenings.day) desc", "max(evenings.day)"),
    "latest home only": ("HOMES", "order by count(*) desc, max", "order by max"),
    "home window open at its start": (
        "HOMES",
        "cast($home_start as date), first), coalesce(",
        "cast($home_start as date) + 1, first), coalesce(",
    ),
    "home window open at its end": (
        "HOMES",
        "cast($home_end as date)",
        "cast($home_end as date) - 1",
    ),
    "home window closed a day late": (
        "HOMES",
        "cast($home_end as date)",
        "cast($home_end as date) + 1",
    ),
    "home window is the study": (
        "HOMES",
        "coalesce(cast($home_end as date), last)",
        "greatest(cast($home_end as date), last)",
    ),
    "rows for people": ("count_subscribers", "count(distinct subscriber_id)", "count(*)"),
    "rows for people in events": ("count_events", "count(distinct subscriber_id)", "count(*)"),
    "the sea in the total": ("total_subscribers", "and area_id <> ''", ""),
    "strictly before": ("od_matrix_directed_all_pairs", "a.event_at <= b", "a.event_at < b"),
    "no diagonal": (
        "od_matrix_directed_all_pairs",
        "a.event_at <= b.event_at",
        "a.event_at <= b.event_at and a.area_id <> b.area_id",
    ),
    "rows for pairs": (
        "od_matrix_directed_all_pairs",
        "count(distinct a.subscriber_id)",
        "count(*)",
    ),
    "over midnight": (
        "od_matrix_directed_consecutive_pairs",
        "subscriber_id, day order",
        "subscriber_id order",
    ),
    "instants by area": (
        "od_matrix_directed_consecutive_pairs",
        "event_at, cell_id",
        "event_at, area_id",
    ),
    "instants backwards": (
        "od_matrix_directed_consecutive_pairs",
        "event_at, cell_id",
        "event_at, cell_id desc",
    ),
    "cells as if lower case": (
        "od_matrix_directed_consecutive_pairs",
        "event_at, cell_id",
        "event_at, lower(cell_id)",
    ),
    "no stays": ("od_matrix_directed_consecutive_pairs", "is not null", "<> from_area_id"),
    "steps for people": (
        "od_matrix_directed_consecutive_pairs",
        "count(distinct subscriber_id)",
        "count(*)",
    ),
    "diagonal": ("od_matrix_undirected_all_pairs", "a.area_id < b", "a.area_id <= b"),
    "both orders": ("od_matrix_undirected_all_pairs", "a.area_id < b", "a.area_id <> b"),
    "areas as numbers": (
        "od_matrix_undirected_all_pairs",
        "a.area_id < b.area_id",
        "cast(a.area_id as int) < cast(b.area_id as int)",
    ),
    "visits need a home": ("count_visits_home_away", "left join", "join"),
    "visits by study home": ("count_visits_home_away", "'reference'", "'study'"),
    "relocations need a past": ("count_home_relocations", "left join", "join"),
    "relocations from study home": ("count_home_relocations", "'reference'", "'study'"),
    "one area in any level": (
        "count_subscribers_single_area",
        "elsewhere.area_level = here.area_level",
        "true",
    ),
    "one area ever": ("count_subscribers_single_area", "and elsewhere.day = here.day", ""),
    "home and away": ("count_subscribers_home_area", "away.area_id <> homes.area_id", "false"),
    "home area by study home": ("count_subscribers_home_area", "'reference'", "'study'"),
    "stays without their ends": (
        "RHYTHM",
        "middle between arrived_at and left_at",
        "middle > arrived_at and middle < left_at",
    ),
    "ties are unknown": ("RHYTHM", "staying >= unknown", "staying > unknown"),
    "every way is certain": ("RHYTHM", "case when at_most <= 120", "case when true"),
    "no way is certain": ("RHYTHM", "case when at_most <= 120", "case when at_most < 60"),
    "every week has seven days": ("RHYTHM", "any_value(n_days) -", "7 -"),
    "stops for people": ("count_stops", "count(distinct subscriber_id)", "count(*)"),
    "stops count where they end": ("count_stops", "arrived_at", "left_at"),
    "pass-bys are stays": ("stay_durations", "where stop_type = 'stay' and not is_inferred", ""),
    "sums of stays": ("stay_durations", "avg(at_least) as at_least", "sum(at_least) as at_least"),
    "journeys for people": ("journeys_od", "count(distinct subscriber_id)", "count(*)"),
    "no journey stays in its area": (
        "journeys_od",
        "and destination.area_level = origin.area_level",
        "and destination.area_level = origin.area_level and destination.area_id <> origin.area_id",
    ),
    "one person counts": ("journeys_od", "sum(distance_km) as distance", "0 as distance"),
    "hour of the last event": ("journeys_by_hour", "hour(departed_at)", "hour(departed_after)"),
    "Saturday is a weekday": ("journeys_by_hour", "<= 5", "<= 6"),
    "bands of their ends": ("trip_distances", "(10), (20), ", "(20), "),
    "journeys for travellers": (
        "trip_distances",
        "count(distinct journeys.subscriber_id)",
        "count(*)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_rule_shows_in_what_is_published(
    mistake, edge, edge_landing, edge_tables, monkeypatch
):
    where, right, wrong = MISTAKES[mistake]
    text = reference.MARTS[where] if where in reference.MARTS else getattr(reference, where)
    assert right in text
    if where in reference.MARTS:
        # The other marts cannot change.
        marts = {where: text.replace(right, wrong)}
        wrongly = replace(edge, candidates=reference.candidates_of(edge_tables, marts))
    else:
        monkeypatch.setattr(reference, where, text.replace(right, wrong))
        wrongly = reference.expected(edge_landing, **WINDOWS)
    found, published = wrongly.marts(16), edge.marts(16)
    assert any(not found[name].equals(published[name]) for name in found)


def test_the_plain_operator_by_hand(tmp_path):
    edge_country.write_plain_operator(tmp_path)
    expected = reference.expected(tmp_path, event_columns=edge_country.PLAIN_EVENT_COLUMNS)
    assert expected.rejected.values.tolist() == [
        ["calls.csv", "duplicate", 1],
    ]
    marts = expected.marts(16)
    monday = {"period": "day", "area_level": "county", "period_start": "2020-03-02"}
    assert cells_of(marts["count_subscribers"], **monday) == {"K1": 24, "K2": 16}
    assert cells_of(marts["count_events"], **monday) == {"K1": (24, 48), "K2": (16, 16)}
    assert cells_of(marts["od_matrix_directed_all_pairs"], **monday) == {
        **{("K1", "K1"): 24, ("K2", "K2"): 16},
        **{("K1", "K2"): 16, ("K2", "K1"): 16},
    }
    # 7 of the 16 go from K2 on to K3, 9 straight back.
    steps = expected.candidates["od_matrix_directed_consecutive_pairs"]
    assert cells_of(steps, **monday) == {
        ("K1", "K2"): 16,
        ("K1", "K3"): 8,
        ("K2", "K1"): 9,
        ("K2", "K3"): 7,
        ("K3", "K1"): 15,
    }
    # A day in K1 and a day in K2: K2 is the later one.
    assert cells_of(expected.candidates["count_residents"], period="study") == {
        ("2020-03-02", "county", "K1"): 7,
        ("2020-03-02", "county", "K2"): 17,
    }
