"""Values as people write them, and as machines damage them: each is read, or refused and counted.

One build of one landing folder; every input is a row.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from tests.python.support.tiny_landing import AREAS, CELLS
from throng.landing.feeds import EVENT_COLUMNS

COLUMNS = tuple(EVENT_COLUMNS)
GOOD = {
    "event_at": "2020-03-02 09:00:00",
    "cell_id": "c1",
    "event_type": "call",
    "direction": "out",
    "counterpart_id": "880170000002",
    "duration_s": "60",
}
NINE = datetime(2020, 3, 2, 9)
CALL, TEXT = {"event_type": "call"}, {"event_type": "text"}
NOBODY, ROUNDED = {"reject_reason": "missing_subscriber"}, {"reject_reason": "rounded_subscriber"}
NO_TIME, BAD_TIME = {"reject_reason": "missing_time"}, {"reject_reason": "unparsable_time"}
NO_CELL = {"reject_reason": None, "unplaced_reason": "missing_cell"}
UNKNOWN = {"reject_reason": None, "unplaced_reason": "unknown_cell"}


def unread(column: str, shape: str) -> dict:
    return {"reject_reason": None, column: None, "unread_values": f"{column}={shape}"}


#: What is different from a good row, and what becomes of it.
INPUTS: list[tuple[dict[str, str], dict]] = [
    ({}, {"reject_reason": None, "unplaced_reason": None, "unread_values": None}),
    # Who
    *(
        ({"subscriber_id": text}, NOBODY)
        for text in ["", "  ", "\\N", "NULL", "nan", "N/A", "#N/A", "0", "0000000000", "-1", "-1.0"]
    ),
    *(
        ({"subscriber_id": text}, NOBODY)
        for text in ["''", "None", "anonymous", "Unknown", "<NA>", "*****", "+", "\u00a0"]
    ),
    *(({"subscriber_id": text}, ROUNDED) for text in ["8.8017E+11", "8,8017e+11", "9E+10"]),
    ({"counterpart_id": "8.8017E+11"}, unread("counterpart_id", "9.9999a+99")),
    ({"counterpart_id": "unknown"}, {"counterpart_id": None, "unread_values": None}),
    # When
    *(({"event_at": text}, NO_TIME) for text in ["", "   "]),
    *(
        ({"event_at": text}, {"event_at": NINE})
        for text in [
            *("2020-03-02T09:00:00", "2020-03-02T09:00", "2020-03-02 09:00", "1583128800"),
            *("1583128800000", "1583128800.0", "2020-03-02T06:00:00Z", "2020-03-02T09:00:00+03:00"),
            *("2020-03-02 06:00:00.000Z", "2020-03-02T01:00:00-0500", " 2020-03-02 09:00:00 "),
        ]
    ),
    *(
        ({"event_at": text}, BAD_TIME)
        for text in [
            *("2020-02-30 09:00:00", "2020-03-02 24:00:00", "02/03/2020 09:00", "yesterday"),
            *("2020-03-02", "880170000000", "Mon Mar 02 09:00:00 2020", "2020-13-02 09:00:00"),
            *("1.5831288E+09", "43892.375", "NULL", "20200302090000", "0000-00-00 00:00:00"),
        ]
    ),
    # Where
    *(
        ({"cell_id": text}, NO_CELL)
        for text in ["", " ", "\\N", "NULL", "-1", "0", "N/A", "unknown"]
    ),
    *(({"cell_id": text}, UNKNOWN) for text in ["c9", "C1", "c1;c2", "1.0E+05", "880170000001"]),
    ({"cell_id": " c1 "}, {"unplaced_reason": None, "cell_id": "c1"}),
    ({"cell_id": "7.0"}, {"unplaced_reason": None, "cell_id": "7"}),
    # What
    *(({"event_type": text}, CALL) for text in ["CALL", " Voice ", "MOC", "mtc", "Outgoing call"]),
    *(({"event_type": text}, TEXT) for text in ["sms", "SMS-MT", "mo sms", "Text"]),
    ({"event_type": "MTC", "direction": ""}, {"event_type": "call", "direction": "in"}),
    ({"event_type": "MTC", "direction": "outgoing"}, {"event_type": "call", "direction": "out"}),
    ({"event_type": "fax"}, {"event_type": "fax", "unread_values": "event_type=fax"}),
    ({"event_type": "30"}, unread("event_type", "99")),
    ({"event_type": "\\N"}, {"event_type": None, "unread_values": None}),
    *(({"direction": text}, {"direction": "out"}) for text in ["OUT", "o", "Outgoing", "MO"]),
    *(({"direction": text}, {"direction": "in"}) for text in ["In", "i", "incoming", "MT"]),
    ({"direction": "2"}, unread("direction", "9")),
    ({"direction": "sideways"}, unread("direction", "sideways")),
    # How long, how much
    *(
        ({"duration_s": text}, {"duration_s": seconds, "unread_values": None})
        for text, seconds in {
            "95.5": 95.5,
            "95,5": 95.5,
            "60.0": 60,
            "00:01:35": 95,
            "1:00:00": 3600,
            "0:00:00,5": 0.5,
            " 0 ": 0,
            "": None,
            "NULL": None,
        }.items()
    ),
    *(
        ({"duration_s": text}, unread("duration_s", shape))
        for text, shape in {
            "1:35": "9:99",
            "1,234": "9,999",
            "-5": "-9",
            "60 s": "99 a",
            "NaN seconds": "aaa aaaaaaa",
            "9999999": "9999999",
            "00:61:00": "99:99:99",
        }.items()
    ),
    ({"volume_mb": "12,75"}, {"volume_mb": 12.75}),
    ({"volume_mb": "0,125"}, {"volume_mb": 0.125}),
    ({"volume_mb": "1.234,5"}, unread("volume_mb", "9.999,9")),
]


@pytest.fixture(scope="module")
def found(server, tmp_path_factory) -> list[dict]:
    """What became of each input.

    Their rows have volumes of their own to be known by, 1 MB and more; those that are about the
    volume have a file of their own.
    """
    landing: Path = tmp_path_factory.mktemp("broken")
    cells = CELLS + "7,0,0,a1\n"
    for name, text in {"cell_sites": cells, "areas": AREAS}.items():
        (landing / name).mkdir()
        (landing / name / "file.csv").write_text(text)
    (landing / "events").mkdir()
    files: dict[str, list[dict]] = {}
    for number, (changed, _) in enumerate(INPUTS):
        file = f"{number}.csv" if "volume_mb" in changed else "all.csv"
        row = {"subscriber_id": f"88017{number:07d}", **GOOD, "volume_mb": number + 1, **changed}
        files.setdefault(file, []).append(row)
    for name, rows in files.items():
        with (landing / "events" / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(rows)
    select = ["--select", "+int_events_accepted", "rejected_events", "unplaced_events"]
    server.build_untested(landing, *select, study_timezone="Africa/Nairobi")
    shown = ("source_file", "reject_reason", "unplaced_reason", "unread_values", *COLUMNS[1:])
    rows = server.query(f"select {', '.join(shown)} from protected.int_events_checked")
    assert len(rows) == len(INPUTS)
    became = [dict(zip(shown, values, strict=True)) for values in rows]

    def number_of(row: dict) -> int:
        is_shared = row["source_file"] == "all.csv"
        return int(row["volume_mb"] - 1 if is_shared else Path(row["source_file"]).stem)

    return sorted(became, key=number_of)


@pytest.mark.parametrize("number", range(len(INPUTS)))
def test_a_value_is_read_or_refused_and_counted(found, number):
    (changed, expected), became = INPUTS[number], found[number]
    assert {column: became[column] for column in expected} == expected, changed


def test_every_input_is_accounted_for(server, found):
    reasons = [became["reject_reason"] for became in found]
    [(n_rejected,)] = server.query("select count(*) from protected.rejected_events")
    [(n_accepted,)] = server.query("select count(*) from protected.int_events_accepted")
    assert n_rejected == len([reason for reason in reasons if reason])
    assert n_accepted == reasons.count(None)
    unplaced = [became["unplaced_reason"] for became in found]
    assert dict(
        server.query(
            "select unplaced_reason, sum(n_events) from protected.unplaced_events group by all"
        )
    ) == {reason: unplaced.count(reason) for reason in ("missing_cell", "unknown_cell")}
