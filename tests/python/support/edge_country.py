"""A small country made by hand: every rule of the mobility marts has somebody whom it decides.

Province 10 and province 2 are quiet. Until BACKGROUND_FROM only the cases below happen there, so
their numbers can be worked out by hand; province 3 and province 4 have random traffic every day
except on the two days in NO_BACKGROUND. After BACKGROUND_FROM the traffic also passes through the
quiet provinces, around noon and never as the last event of a day, so nobody else gets a home there.

    province 10   districts 014 015 016 017 (as many residents as the name says), 018, 019
    province 2    districts 21, 021, 22, 022 (twins for anything that reads an id as a number)
    province 3    districts 31, 32, 33, 34
    province 4    district  41

Study Wednesday 18 December 2019 to Tuesday 14 January 2020: both edge weeks are partial and the
key of the first one (16 December) lies before the study. The home window is shorter and cuts
through weeks. Ordinary events go to the file of their month.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections import defaultdict
from pathlib import Path

STUDY_START = "2019-12-18"
STUDY_END = "2020-01-14"
HOME_START = "2019-12-21"
HOME_END = "2020-01-03"
STUDY = {
    "study_start": STUDY_START,
    "study_end": STUDY_END,
    "home_start": HOME_START,
    "home_end": HOME_END,
}

BACKGROUND_FROM = "2020-01-09"
NO_BACKGROUND = ("2019-12-25", "2020-01-01")

EVENT_HEADER = [
    "subscriber_id",
    "event_at",
    "cell_id",
    "event_type",
    "direction",
    "counterpart_id",
    "duration_s",
    "volume_mb",
]

# Names in string order: 2019-12.csv < 2020-01.csv < empty.csv < late/... < north masts.csv
DECEMBER = "2019-12.csv"
JANUARY = "2020-01.csv"
EMPTY = "empty.csv"
LATE = "late/2020-01.csv.gz"
NORTH = "north masts.csv"

AREAS = [
    # area_id, area_level, area_name, parent_area_id
    ("10", "province", "North", ""),
    ("2", "province", "East", ""),
    ("3", "province", "South", ""),
    ("4", "province", "Île Verte", ""),
    *[(f"0{n}", "district", f"North {n}", "10") for n in (14, 15, 16, 17, 18, 19)],
    ("21", "district", "East, upper", "2"),
    ("021", "district", "East, lower", "2"),
    ("22", "district", "East, inner", "2"),
    ("022", "district", "East, outer", "2"),
    *[(str(n), "district", f"South {n}", "3") for n in (31, 32, 33, 34)],
    ("41", "district", "Île Verte", "4"),
]

CELLS = [
    # cell_id, area_id, valid_from, valid_to
    *[(f"N{n}", f"0{n}", "", "") for n in (14, 15, 16, 17, 18, 19)],
    ("N16b", "016", "", ""),  # two cells in one area
    # In order of cell_id: 010 0B1 10 34x 41x 9 A9 B1 a1; of their areas that is no order at all.
    ("010", "31", "", ""),  # 010 and 10 are two cells
    ("0B1", "021", "", ""),
    ("10", "33", "", ""),
    ("34x", "34", "", ""),
    ("41x", "41", "", ""),
    ("9", "32", "", ""),
    ("A9", "22", "", ""),
    ("B1", "21", "", ""),
    ("a1", "022", "", ""),
    # Masts without an area: they can be heard but count nowhere.
    ("SEA1", "", "", ""),
    ("SEA2", "", "", ""),
    # Moves from 018 to 019 at noon.
    ("MOVE1", "018", "", "2020-01-07 12:00:00"),
    ("MOVE1", "019", "2020-01-07 12:00:00", ""),
    # Versions that overlap: the one that began last holds.
    ("OVER1", "018", "", ""),
    ("OVER1", "022", "2019-12-25 00:00:00", "2019-12-27 00:00:00"),
    ("OVER1", "019", "2019-12-26 00:00:00", "2020-01-05 00:00:00"),
    ("OVER1", "21", "2019-12-28 00:00:00", "2019-12-30 00:00:00"),
    # Known only from 2 January on; known except for a week.
    ("LATE1", "34", "2020-01-02 00:00:00", ""),
    ("GAP1", "34", "", "2019-12-22 00:00:00"),
    ("GAP1", "33", "2019-12-29 00:00:00", ""),
]

# Cells that lie near each other, for stops and journeys: km from T1 in a line, T5 aside. All others
# are 150 km apart and more.
NEAR_CELLS = [
    # cell_id, longitude, latitude, area_id
    ("T1", "60.0", "10.0", "41"),
    ("T1b", "60.0", "10.0045", "41"),  # 0.5
    ("T1c", "60.0", "10.036", "41"),  # 4
    ("T2", "60.0", "10.108", "33"),  # 12
    ("T3", "60.0", "10.36", "34"),  # 40, out of reach
    ("T5", "61.5", "10.0", "34"),  # 164
]

PLAIN_EVENT_COLUMNS = {
    "subscriber_id": "msisdn",
    "event_at": "call_datetime",
    "cell_id": "location_id",
}


class _Country:
    """Collects rows by file; the cases say who, when and where."""

    def __init__(self) -> None:
        self.rows: dict[str, list[list[str]]] = defaultdict(list)

    def event(
        self,
        who: str,
        at: str,
        cell: str,
        event_type: str = "call",
        direction: str = "out",
        counterpart: str = "",
        duration: str = "",
        volume: str = "",
        *,
        file: str | None = None,
    ) -> None:
        if file is None:
            file = JANUARY if at.strip() >= "2020" else DECEMBER
        self.rows[file].append(
            [who, at, cell, event_type, direction, counterpart, duration, volume]
        )

    def raw(self, file: str, *fields: str) -> None:
        self.rows[file].append(list(fields))


def _people(name: str, n: int) -> list[str]:
    return [f"{name}_{i:02d}" for i in range(n)]


def _sizes(country: _Country) -> None:
    """Groups of exactly 14, 15, 16 and 17 people, one in each mart."""
    for n in (14, 15, 16, 17):
        for i, who in enumerate(_people(f"res{n}", n)):
            # n people in an hour, a day, a week and a month, alone there and at home;
            # two days of 15 people are 30 person-days but still 15 people.
            country.event(who, f"2019-12-20 09:{i:02d}:00", f"N{n}")
            country.event(who, f"2019-12-23 09:{i:02d}:00", f"N{n}")
            country.event(who, f"2019-12-24 09:{i:02d}:00", f"N{n}")
            if n == 14:  # they stay for an hour
                country.event(who, f"2019-12-24 10:{i:02d}:00", f"N{n}")
            # n people from 0n to 41, all pairs and consecutive, and a visit away from home.
            country.event(who, f"2019-12-27 08:{i:02d}:00", f"N{n}", file=NORTH)
            country.event(who, f"2019-12-27 18:{i:02d}:00", "41x")
            # n people who moved to 41 in the week of 6 January.
            country.event(who, f"2020-01-06 20:{i:02d}:00", "41x")
    # From one cell to another of the same area is a pair 016 to 016.
    for i, who in enumerate(_people("res16", 16)):
        country.event(who, f"2019-12-27 09:{i:02d}:00", "N16b", "text")


def _heavy_callers(country: _Country) -> None:
    """Rows are not people."""
    # One person alone, 40 events, to and fro: every pair is one person.
    for minute in range(40):
        country.event("heavy", f"2019-12-28 10:{minute:02d}:00", ("N18", "N19")[minute % 2], "data")
    # 15 people with 55 events next to 16 people with 16 events.
    for who in _people("res15", 15):
        country.event(who, "2019-12-28 09:00:00", "N15")
    for minute in range(40):
        country.event("res15_00", f"2019-12-28 10:{minute:02d}:00", "N15", "text")
    for who in _people("res16", 16):
        country.event(who, "2019-12-28 09:00:00", "N16")
    # Five people on eleven days: 55 person-days in a month.
    for who in _people("few", 5):
        for day in (20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31):
            country.event(who, f"2019-12-{day} 20:00:00", "N18", duration=str(day))


def _gathered_over_time(country: _Country) -> None:
    """Too few in the short period, enough in the long one."""
    # 8 people a day, 16 in the week (whose key lies before the study).
    for i, who in enumerate(_people("week", 16)):
        country.event(who, f"2019-12-{19 if i < 8 else 20} 09:00:00", "N19")
    # 8 people an hour, 16 in the day: the hour begins at 11:00:00 sharp.
    for i, who in enumerate(_people("hour", 16)):
        country.event(who, "2019-12-20 10:59:59" if i < 8 else "2019-12-20 11:00:00", "B1")
    # All 16 in the same hour, at both ends of it.
    for i, who in enumerate(_people("full", 16)):
        country.event(who, "2019-12-22 10:00:00" if i < 8 else "2019-12-22 10:59:59", "B1")
    # 8 people on one side of New Year and 8 on the other: one ISO week, two months, two years.
    for i, who in enumerate(_people("year", 16)):
        country.event(who, "2019-12-31 12:00:00" if i < 8 else "2020-01-02 12:00:00", "a1")
    # Days on which the whole country is 15 people (and 3 who were only heard at sea) or 16.
    for who in _people("xmas", 15):
        country.event(who, "2019-12-25 12:00:00", "a1")
        country.event(who, "2019-12-25 13:00:00", "a1")
    for who in _people("ship", 3):
        country.event(who, "2019-12-25 12:00:00", "SEA1")
    for who in _people("ny", 16):
        country.event(who, "2020-01-01 12:00:00", "0B1")


def _same_instant(country: _Country) -> None:
    """Events at one instant follow each other in the order of cell_id, as text."""
    for who in _people("tie", 17):
        # First events of the day: 22 (cell A9) then 21 (B1) then 32.
        country.event(who, "2019-12-21 08:00:00", "B1")
        country.event(who, "2019-12-21 08:00:00", "A9")
        country.event(who, "2019-12-21 12:00:00", "9")
        # Last events of the day: 22 is where the day ended, yet 22 to 21 is the last step.
        country.event(who, "2019-12-22 12:00:00", "9")
        country.event(who, "2019-12-22 20:00:00", "B1")
        country.event(who, "2019-12-22 20:00:00", "A9")
        # Nothing but one instant: both directions of all pairs, one consecutive pair.
        country.event(who, "2019-12-23 15:00:00", "B1")
        country.event(who, "2019-12-23 15:00:00", "A9")
        # 10 < 9 < B1 < a1: text order, capitals first. The day ends in 33.
        for cell in ("a1", "9", "B1", "10"):
            country.event(who, "2019-12-24 15:00:00", cell)


def _homes(country: _Country) -> None:
    """Two days each: the area with the more recent day is home."""
    for i, area_of_day in enumerate((("B1", "A9", "A9", "B1"), ("A9", "B1", "B1", "A9"))):
        for who in _people(("swap", "paws")[i], 16):
            for day, cell in zip((21, 22, 23, 24), area_of_day, strict=True):
                country.event(who, f"2019-12-{day} 07:00:00", "34x")  # not the last of the day
                country.event(who, f"2019-12-{day} 19:00:00", cell)
    # 021 is the district with most days, but province 3 (three districts) beats province 2.
    for who in _people("split", 16):
        for day, cell in ((23, "0B1"), (24, "0B1"), (27, "010"), (28, "9"), (30, "10")):
            country.event(who, f"2019-12-{day} 19:00:00", cell)
    # Seen first after the home window: no reference home, and no previous home either.
    for who in _people("newsim", 17):
        country.event(who, "2020-01-06 09:00:00", "B1")
        country.event(who, "2020-01-08 09:00:00", "B1")
    # One event in all.
    country.event("once", "2020-01-05 13:00:00", "34x")
    # Two districts of one province: in a single area at one level only.
    for who in _people("two", 16):
        country.event(who, "2019-12-19 08:00:00", "a1")
        country.event(who, "2019-12-19 09:00:00", "0B1")


def _edges(country: _Country) -> None:
    """First and last instants of the study, of a day and of the home window."""
    for who in _people("first", 16):
        country.event(who, "2019-12-17 23:59:59", "A9")  # outside
        country.event(who, "2019-12-18 00:00:00", "B1")
    for who in _people("last", 16):
        country.event(who, "2020-01-14 23:59:59", "A9")
        country.event(who, "2020-01-15 00:00:00", "B1")  # outside
    # A step over midnight is none. Both days are before the home window: no reference home.
    for who in _people("midnight", 16):
        country.event(who, "2019-12-19 23:59:59", "B1")
        country.event(who, "2019-12-20 00:00:00", "A9")
    # The window is open from 00:00:00 of its first day to 23:59:59 of its last.
    for who in _people("ajar", 16):
        country.event(who, "2019-12-20 23:59:59", "0B1")
    for who in _people("opens", 16):
        country.event(who, "2019-12-21 00:00:00", "0B1")
    for who in _people("closes", 16):
        country.event(who, "2020-01-03 23:59:59", "0B1")
    for who in _people("after", 16):
        country.event(who, "2020-01-04 00:00:00", "0B1")
    # 32 of these people have a home in 021, 32 have none.
    for name in ("ajar", "opens", "closes", "after"):
        for who in _people(name, 16):
            country.event(who, "2020-01-08 12:00:00", "N18")


def _cells(country: _Country) -> None:
    """Cells without an area, that move, overlap, begin late or pause."""
    for who in _people("sea", 16):
        # The mast at sea is not there: 21 to 22 is one step and the day ends in 22.
        country.event(who, "2019-12-29 08:00:00", "B1")
        country.event(who, "2019-12-29 10:00:00", "SEA1")
        country.event(who, "2019-12-29 12:00:00", "A9")
        country.event(who, "2019-12-29 23:00:00", "SEA2")
        # Only in 22, which is home.
        country.event(who, "2019-12-30 08:00:00", "A9")
        country.event(who, "2019-12-30 10:00:00", "SEA1")
    # Never anywhere: in no mart, not even in the total.
    for who in _people("only_sea", 17):
        country.event(who, "2019-12-29 10:00:00", "SEA1")
    # One cell, two areas, one second apart.
    for who in _people("mover", 16):
        country.event(who, "2020-01-07 11:59:59", "MOVE1")
        country.event(who, "2020-01-07 12:00:00", "MOVE1")
    for who in _people("over", 16):
        country.event(who, "2019-12-24 14:00:00", "OVER1")  # 018
        country.event(who, "2019-12-26 00:00:00", "OVER1")  # 019, not 022
        country.event(who, "2019-12-28 00:00:00", "OVER1")  # 21
        country.event(who, "2019-12-29 23:59:59", "OVER1")  # 21
        country.event(who, "2019-12-30 00:00:00", "OVER1")  # 019
        country.event(who, "2020-01-05 00:00:00", "OVER1")  # 018
    for who in _people("late", 16):
        country.event(who, "2020-01-01 23:59:59", "LATE1")  # unknown: not in the total of that day
        country.event(who, "2020-01-02 00:00:00", "LATE1")
    for who in _people("gap", 3):
        country.event(who, "2019-12-21 23:59:59", "GAP1")  # 34
        country.event(who, "2019-12-22 00:00:00", "GAP1")  # unknown
        country.event(who, "2019-12-28 23:59:59", "GAP1")  # unknown
        country.event(who, "2019-12-29 00:00:00", "GAP1")  # 33


def _identifiers(country: _Country) -> None:
    """An identifier is text."""
    # 16 people; 8 numbers.
    for i in range(8):
        country.event(f"00{700 + i}", "2019-12-26 09:00:00", "A9")
        country.event(f"0{700 + i}", "2019-12-26 09:00:00", "A9")
    # 15 people, however they are written; 30 events.
    for i, who in enumerate(_people("sp", 15)):
        country.event(f" {who} ", "2019-12-26 09:00:00", "B1 ")
        country.event(who, " 2019-12-26 10:00:00 ", "  B1" if i % 2 else "B1")
    # A delimiter inside quotes, and letters outside ASCII.
    country.event("once_more", "2020-01-06 13:00:00", "34x", counterpart="880,17,x")
    country.event("ünique", "2020-01-06 13:00:00", "34x", counterpart="Zoë")


def _copies(country: _Country) -> None:
    """16 people in 019 on 31 December: 11 events each, and 3 copies each that do not count."""
    for who in _people("dup", 16):
        once = (who, "2019-12-31 17:00:00", "N19", "call", "out", "880", "60", "")
        country.event(*once)
        country.event(*once)
        country.event(who, "2019-12-31 17:00:00 ", " N19", "call ", "out", " 880", "60 ", " ")
        country.event(*once, file=LATE)
        # Rows that differ in one optional column are two events.
        at = "2019-12-31 {}:00:00"
        country.event(who, at.format(18), "N19", "call", "out", "880", "60", "")
        country.event(who, at.format(18), "N19", "call", "out", "880", "61", "")
        country.event(who, at.format(19), "N19", "call", "out", "880", "60", "")
        country.event(who, at.format(19), "N19", "call", "in", "880", "60", "")
        country.event(who, at.format(20), "N19", "call", "out", "880", "60", "")
        country.event(who, at.format(20), "N19", "call", "out", "", "60", "")
        country.event(who, at.format(21), "N19", "data", "", "", "", "")
        country.event(who, at.format(21), "N19", "data", "", "", "", "0")
        country.event(who, at.format(22), "N19", "", "", "", "", "")
        country.event(who, at.format(22), "N19", "text", "", "", "", "")
    # late/... comes before north masts.csv: the second copy is the one in NORTH.
    for who in _people("dup", 2):
        country.event(who, "2020-01-02 17:00:00", "N19", file=NORTH)
        country.event(who, "2020-01-02 17:00:00", "N19", file=LATE)


def _faults(country: _Country) -> None:
    """Every reason in three files, alone and together with a weaker one."""
    for file in (DECEMBER, LATE, NORTH):
        good = ("bad", "2019-12-26 10:00:00", "B1", "call", "out", "", "60", "")
        # malformed_row: 6 in each file
        country.raw(file, *good[:7])  # one field short
        country.raw(file, *good[:3])
        country.raw(file, "bad")
        country.raw(file, *good, "")  # one field too many, and it is empty
        country.raw(file, *good, "a", "b")
        country.raw(file, "", "nonsense")  # before missing_subscriber and unparsable_time
        # missing_subscriber: 5
        country.raw(file, "", *good[1:])
        country.raw(file, "   ", *good[1:])
        country.raw(file, "", "", "", "", "", "", "", "")  # before all that is missing
        country.raw(file, "\\N", *good[1:])  # placeholders
        country.raw(file, " 0000000 ", *good[1:])
        # missing_time: 2
        country.raw(file, "bad", "", *good[2:])
        country.raw(file, "bad", "  ", "", *good[3:])
        # unparsable_time: 9
        for at in (
            "2019-12-26",
            "2019-12-26 9:05:00",
            "2019-12-26 24:00:00",
            "2019-12-26 10:60:00",
            "2019-12-32 10:00:00",
            "2019-02-29 10:00:00",  # before outside_study
            "26/12/2019 10:00:00",
            "yesterday",
        ):
            country.raw(file, "bad", at, *good[2:])
        country.raw(file, "bad", "yesterday", "nowhere", *good[3:])
        # outside_study: 5
        country.raw(file, "bad", "2019-12-17 23:59:59", *good[2:])
        country.raw(file, "bad", "2020-01-15 00:00:00", *good[2:])
        country.raw(file, "bad", "2020-02-29 10:00:00", *good[2:])  # a real date
        country.raw(file, "bad", "2009-12-26 10:00:00", "", *good[3:])
        country.raw(file, "bad", "2029-12-26 10:00:00", "nowhere", *good[3:])
        # ISO 8601, at a cell without an area: the first file has it, the others have copies.
        country.raw(file, "bad", "2019-12-26T10:00:00.5", "SEA1", *good[3:])
        # Without a cell: accepted once, without a place.
        country.raw(file, *good[:2], "", *good[3:])
        country.raw(file, *good[:2], "  ", *good[3:])
        # Of a cell that is not known: likewise, three different ones.
        country.raw(file, *good[:2], "nowhere", *good[3:])
        country.raw(file, *good[:2], "nowhere", *good[3:])
        country.raw(file, *good[:2], "b1", *good[3:])  # B1 is not b1
        country.raw(file, *good[:2], "GAP1", *good[3:])  # known, but not then


def _background(country: _Country) -> None:
    """Random people over everything, at few distinct instants so that ties happen too."""
    rng = random.Random(20200101)
    busy = ["010", "10", "34x", "41x", "9", "SEA1", "LATE1", "GAP1"]
    quiet = ["N14", "N15", "N16", "N17", "N18", "N19", "A9", "B1", "0B1", "a1", "MOVE1", "OVER1"]
    days = [f"2019-12-{d:02d}" for d in range(18, 32)] + [f"2020-01-{d:02d}" for d in range(1, 15)]

    def optional() -> list[str]:
        kind = rng.choice(["call", "text", "data", ""])
        way = rng.choice(["in", "out", ""]) if kind != "data" else ""
        other = f"0{rng.randrange(900, 999)}" if kind in ("call", "text") else ""
        seconds = str(rng.randrange(600)) if kind == "call" else ""
        volume = f"{rng.randrange(900) / 10}" if kind == "data" else ""
        return [kind, way, other, seconds, volume]

    for i in range(110):
        who = f"0880{i:03d}" if i % 2 else f"880{i:03d}"
        # Some leave before the end of the home window, some come after it.
        begin, end = (20, 28) if i % 10 == 0 else (0, 9) if i % 10 == 1 else (0, 28)
        favourite = busy[i % 5]
        for day in days[begin:end]:
            if day in NO_BACKGROUND or rng.random() < 0.15:
                continue
            for _ in range(rng.randrange(1, 7)):
                at = f"{day} {rng.randrange(24):02d}:{rng.choice(['00:00', '30:00', '59:59'])}"
                cell = favourite if rng.random() < 0.3 else rng.choice(busy)
                if day >= BACKGROUND_FROM and rng.random() < 0.3:
                    at = f"{day} {rng.choice([11, 12, 13])}:{rng.choice(['00', '30'])}:00"
                    cell = rng.choice(quiet)
                late = day >= "2020" and rng.random() < 0.1
                country.event(who, at, cell, *optional(), file=LATE if late else None)
            # The day ends in a busy province: with two cells at one instant, now and then.
            country.event(who, f"{day} 23:59:59", favourite, *optional())
            if rng.random() < 0.3:
                country.event(who, f"{day} 23:59:59", rng.choice(busy[:5]), *optional())


def _stops_and_journeys(country: _Country) -> None:
    """Stays, pass-bys and journeys; elsewhere nearly all stops are single events."""

    def events(who: str, day: str, cells: str) -> None:
        """'cell hh:mm hh:mm ..., cell hh:mm ...'"""
        for part in cells.split(", "):
            cell, *times = part.split(" ")
            for time in times:
                country.event(who, f"{day} {time}:00", cell)

    for i, who in enumerate(_people("goer", 17)):
        # 24 hours from stay to stay are one journey, 25 are none; the last lasts over midnight.
        events(who, "2019-12-19", "T1 20:00 20:30 21:00")
        events(who, "2019-12-20", "T5 21:00 21:30 22:00")
        events(who, "2019-12-21", "T1 23:00 23:20")
        events(who, "2019-12-22", f"T1b 00:{10 + i}")
        # A silence of 13 hours cuts a stay in two, without a journey; one of 12 does not.
        events(who, "2019-12-23", "T3 06:00 06:40 19:40 20:00 20:20")
        # To T5; past T3, out of reach of both ends, to T1, with a mast in reach that means nothing.
        events(who, "2019-12-24", f"T3 08:20 09:00, T5 12:00 12:30 13:{10 + i}, T3 15:00")
        events(who, "2019-12-24", f"T1 17:{10 + i} 17:40, T2 17:50, T1 18:00 18:30")
        # To and fro between two masts.
        events(who, "2020-01-03", "T1 10:00 10:10 10:20 10:30 10:40, T1c 10:05 10:15 10:25 10:35")
        # To work and back, on both days that the study has of the last week. At half past the hour
        # is in time. Of what is between 22:30 and 23:30 one day is known, and that is enough.
        for day in ("2020-01-13", "2020-01-14"):
            events(who, day, "T1 00:30 03:30 06:30 08:00")
            events(who, day, f"T2 09:{10 + i} 10:30 12:00 13:30 15:00 16:30")
            # Not more than two hours on the way, or more.
            back = "18:30" if i % 2 else "18:31"
            events(who, day, f"T1 {back} 19:30 21:00 22:30")
            if day == "2020-01-13":
                events(who, day, "T1 23:30")
    # One person makes up most of what 17 stayed, and most of the way that 17 went in a week.
    for i, who in enumerate(_people("brief", 16)):
        events(who, "2019-12-19", "N18 10:00 10:30")
        events(who, "2019-12-23", "N18 08:00 08:30, N19 10:00 10:40")
        # 14 on a Saturday, 15 back.
        if i < 14:
            events(who, "2019-12-21", "N18 10:00 10:30, MOVE1 12:00 12:40")
        if i < 15:
            events(who, "2019-12-24", "N19 08:00 08:30, N18 10:00 10:40")
    for day in (18, 19, 20, 21, 22):
        events("sitter", f"2019-12-{day}", "N18 00:10 08:10 16:10")
    for day in (23, 24, 27):
        for hour in range(0, 24, 3):
            events("shuttle", f"2019-12-{day}", f"N18 {hour:02d}:00 {hour:02d}:30")
            events("shuttle", f"2019-12-{day}", f"N19 {hour + 1:02d}:30 {hour + 2:02d}:00")
    # At the middle of an hour at the end of one stay and at the beginning of the next: one day.
    for day in (19, 20):
        events("twin", f"2019-12-{day}", "T1 09:00 10:30, T5 10:30 11:30")


def _csv(rows: list[list[str]], line_end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    path.write_bytes(content)


def write_edge_country(landing: Path) -> None:
    """Write the landing folder; the same bytes every time."""
    country = _Country()
    for case in (
        _sizes,
        _heavy_callers,
        _gathered_over_time,
        _same_instant,
        _homes,
        _edges,
        _cells,
        _identifiers,
        _copies,
        _faults,
        _background,
        _stops_and_journeys,
    ):
        case(country)
    shuffle = random.Random(7)
    for file, rows in country.rows.items():
        # The order of rows in a file means nothing.
        shuffle.shuffle(rows)
        line_end = "\r\n" if file == NORTH else "\n"
        _write(landing / "events" / file, _csv([EVENT_HEADER, *rows], line_end))
    _write(landing / "events" / EMPTY, _csv([EVENT_HEADER]))
    sites = [
        [cell, f"{i}.5", f"-{i}.25", f"site {cell}", area, valid_from, valid_to]
        for i, (cell, area, valid_from, valid_to) in enumerate(CELLS)
    ]
    sites += [
        [cell, longitude, latitude, f"site {cell}", area, "", ""]
        for cell, longitude, latitude, area in NEAR_CELLS
    ]
    header = ["cell_id", "longitude", "latitude", "site_id", "area_id", "valid_from", "valid_to"]
    _write(landing / "cell_sites" / "cell_sites.csv", _csv([header, *sites]))
    header = ["area_id", "area_level", "area_name", "parent_area_id"]
    _write(landing / "areas" / "areas.csv", _csv([header, *[list(area) for area in AREAS]]))


def write_plain_operator(landing: Path) -> None:
    """An operator with three columns of its own naming, one area level and no validity.

    24 people in K1 on Monday 2 March 2020; the first 16 go on to K2 and the last 15 to K3, so 7
    visit both, K2 first; everybody ends the day in K1. On Tuesday 17 people are seen in K2 only.
    """
    people = [f"0{70 + i}" for i in range(24)]
    rows = []
    for i, who in enumerate(people):
        rows.append([who, "2020-03-02 08:00:00", "c1"])
        if i < 16:
            rows.append([who, "2020-03-02 10:00:00", "c2"])
        if i >= 9:
            rows.append([who, "2020-03-02 12:00:00", "c3"])
        rows.append([who, "2020-03-02 20:00:00", "c1b"])
        if i < 17:
            rows.append([who, "2020-03-03 09:00:00", "c2"])
    rows.append([people[0], "2020-03-02 08:00:00", "c1"])  # a copy
    rows.append([people[0], "2020-03-02 08:00:00", "c9"])  # a cell nobody knows
    _write(
        landing / "events" / "calls.csv", _csv([["msisdn", "call_datetime", "location_id"], *rows])
    )
    cells = [["c1", "K1"], ["c1b", "K1"], ["c2", "K2"], ["c3", "K3"]]
    _write(
        landing / "cell_sites" / "cell_sites.csv",
        _csv(
            [
                ["cell_id", "longitude", "latitude", "area_id"],
                *[[cell, str(i), str(i), area] for i, (cell, area) in enumerate(cells)],
            ]
        ),
    )
    _write(
        landing / "areas" / "areas.csv",
        _csv(
            [
                ["area_id", "area_level", "area_name", "parent_area_id"],
                *[[f"K{i}", "county", f"County {i}", ""] for i in (1, 2, 3)],
            ]
        ),
    )
