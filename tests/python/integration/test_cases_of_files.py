"""Files as people have them, read by the server: reported cases and our own of the same sorts."""

from __future__ import annotations

import bz2
import gzip
import shutil
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from tests.python.conftest import WITHOUT_UNIT_TESTS
from tests.python.support.cases import case, residents
from tests.python.support.tiny_landing import AREAS, stopped_at_lists, stopped_with

EVENTS = "subscriber_id,event_at,cell_id\n1,2020-02-01 10:00:00,c1\n"
CELLS = "cell_id,longitude,latitude,area_id\nc1,36.8,-1.28,a1\n"


def put(landing, **files: str | bytes):
    """A landing folder with one file a feed; of events and cells those of above, unless given."""
    for name, content in {"events": EVENTS, "cell_sites": CELLS, "areas": AREAS, **files}.items():
        (landing / name).mkdir(parents=True)
        text = content.encode() if isinstance(content, str) else content
        (landing / name / "file.csv").write_bytes(text)
    return landing


def land(server, landing, **dbt_vars) -> None:
    """Create the external tables and views over the files, and build nothing."""
    done = server.dbt("run", "--select", "stg_landing__areas", landing=landing, **dbt_vars)
    assert done.returncode == 0, done.stdout


def execute(server, statement: str) -> None:
    """A statement without rows."""
    connection = server.connect()
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()


def test_one_landing_with_all_that_is_read(server, tmp_path):
    """Brackets in the path, odd names of files, lists by position with carriage returns and decimal
    commas, cells of two columns, packed files of several members, and one without a byte. A schema
    that was dropped comes back."""
    landing = put(
        tmp_path / "a [x] {b,c} * ? 100% +#",
        events="",
        cell_sites="101;5001;36,80;-1,28\r101;5002;36,83;-1,28\r102;5001;37,30;-1,30\r",
        areas="\ufeffADM1;Ebene;Name;Teil von\r\na1;district;Zürich;\r\n",
    )
    lines = "Call Date/Time,A-Number (MSISDN),lac;x,`ci`,note.\u00e9,other,Other\n"
    for number, name in enumerate(
        ["b [1].csv.gz", "2020-02-01T10:00.csv.gz", "100%_é +#?*{}.csv.gz"]
    ):
        rows = [
            f"2020-02-01 10:{number:02}:{n:02},{n},{lac},5001,,,\n"
            for n, lac in enumerate([101, 102])
        ]
        packed = gzip.compress((lines + rows[0]).encode()) + gzip.compress(rows[1].encode())
        (landing / "events" / name).write_bytes(packed)
    (landing / "events" / "empty.csv.gz").touch()
    wide = (
        f"2020-02-01 10:09:00,9,101,5001,{',' * 200_000}\n"  # Spark reads 20,480 columns, unasked
    )
    (landing / "events" / "wide\n'\\.csv.bz2").write_bytes(bz2.compress((lines + wide).encode()))
    columns = {
        "event_at": "call date/time",
        "subscriber_id": "A-Number (MSISDN)",
        "cell_id": ["lac;x", "`ci`"],
        "counterpart_id": "note.\u00e9",
    }
    places = {"cell_id": "column_1;column_2", "longitude": "column_3", "latitude": "column_4"}
    names = {
        "area_id": "ADM1",
        "area_level": "Ebene",
        "area_name": "Name",
        "parent_area_id": "Teil von",
    }
    land(server, landing, event_columns=columns, cell_site_columns=places, area_columns=names)
    rows = server.query(
        "select source_file, subscriber_id, cell_id, is_malformed from landing.events order by 1, 2"
    )
    assert len(rows) == 7
    whole = {("0", "101-5001", False), ("1", "102-5001", False)}
    assert {row[1:] for row in rows} == {*whole, ("9", "101-5001", True)}
    listed = server.query("select source_file from landing.event_files order by 1")
    assert [name for (name,) in listed if name not in ("empty.csv.gz", "file.csv")] == sorted(
        {row[0] for row in rows}
    )
    cells = server.query("select cell_id, longitude from landing.cell_sites order by 1")
    assert cells == [("101-5001", "36,80"), ("101-5002", "36,83"), ("102-5001", "37,30")]
    assert server.query("select area_id, area_name from landing.areas") == [("a1", "Zürich")]
    known = f"select count(*) from landing.whole_files where landing_path like '%{tmp_path.name}%'"
    assert server.query(known) == [(4,)]
    execute(server, "drop schema staging cascade")
    land(server, landing, event_columns=columns, cell_site_columns=places, area_columns=names)
    assert server.query("select area_id from staging.stg_landing__areas") == [("a1",)]
    assert server.query(known) == [(4,)]  # none of them was unpacked again


def written(path, columns: dict, **options) -> None:
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)


def test_parquet_as_others_write_it(server, tmp_path):
    """INT96, instants, numbers of several widths, texts that do not say that they are.

    And what pandas makes of whole numbers of which some are missing. A time that is no text in the
    file is not written as one.
    """
    landing = put(tmp_path)
    for name in ("events", "cell_sites"):
        (landing / name / "file.csv").unlink()
    local, instant = datetime(2020, 2, 1, 10, 30), datetime(2020, 2, 1, 7, 30, tzinfo=UTC)
    times = pa.array([local], pa.timestamp("ns"))
    others = (254_700_000_001.0, 0.5, None)
    for width, other in zip((pa.int32(), pa.uint32(), pa.int64()), others, strict=True):
        written(
            landing / f"events/{width}.parquet",
            {
                "subscriber_id": pa.array([7], width),
                "event_at": times,
                "cell_id": pa.array([b"c1"] if width != pa.int64() else [None], pa.binary()),
                "counterpart_id": pa.array([other], pa.float64()),
                "direction": pa.nulls(1),
            },
            use_deprecated_int96_timestamps=True,
        )
    written(
        landing / "recharges/a.parquet",
        {
            "subscriber_id": pa.array([2**63 + 1], pa.uint64()),
            "recharge_at": pa.array([instant], pa.timestamp("ns", "UTC")),
            "amount": pa.array([1.5], pa.float32()),
        },
    )
    written(
        landing / "cell_sites/a.parquet",
        {
            "cell_id": pa.array(["c1"], pa.large_string()).dictionary_encode(),
            "longitude": pa.array([36.8]),
            "latitude": pa.array([-1.28]),
            "area_id": ["a1"],
            "valid_from": pa.array([instant], pa.timestamp("us", "Europe/Paris")),
            "valid_to": pa.array([local.date()], pa.date32()),
        },
    )
    land(server, landing, study_timezone="Africa/Nairobi", feeds=["recharges"])
    events = "select event_at_timestamp, event_at, cell_id, counterpart_id from landing.events"
    assert sorted(server.query(events), key=str) == sorted(
        [
            (local, None, "c1", "254700000001"),
            (local, None, "c1", "0.5"),
            (local, None, None, None),
        ],
        key=str,
    )
    assert server.query("select distinct direction from landing.events") == [(None,)]
    recharges = "select subscriber_id, recharge_at_timestamp, amount from landing.recharges"
    assert server.query(recharges) == [("9223372036854775809", local, "1.5")]
    cells = "select cell_id, valid_from, valid_to from landing.cell_sites"
    assert server.query(cells) == [("c1", "2020-02-01 10:30:00", "2020-02-01")]


def test_all_that_is_wrong_stops_the_build_at_once(server, tmp_path):
    packed = gzip.compress(EVENTS.encode())
    landing = put(tmp_path, cell_sites=b"PK\3\4xl/workbook.xml")
    (landing / "recharges").mkdir()
    (landing / "recharges/r.csv").write_text("subscriber_id,recharge_at,amount\n")
    for name, content in {"1.csv.gz": packed, "2.csv.gz": packed[:-20]}.items():
        (landing / "events" / name).write_bytes(content)
    done = server.dbt("build", landing=landing)
    first = stopped_with(done)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[lines.index(first) :][:3] == [
        "cell_sites/file.csv is a workbook (Excel); save it as CSV (UTF-8).",
        f"recharges/ has landed in {landing}, but the var feeds does not name recharges. Add it, "
        "as in feeds: [recharges], or take the folder away.",
        "events/2.csv.gz ends in the middle: it was not transferred to its end. Fetch it again.",
    ]


def test_a_file_that_breaks_in_the_middle_of_a_build_gives_its_reason(server, tmp_path):
    """What no check can see before: dbt shows a few lines, the log of the server all of them."""
    landing = put(tmp_path)
    (landing / "events/file.csv").unlink()
    path = landing / "events/a.parquet"
    columns = {"subscriber_id": [str(n) for n in range(5000)], "cell_id": ["c1"] * 5000}
    written(path, columns | {"event_at": ["2020-02-01 10:00:00"] * 5000}, compression="none")
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(content)
    log = server.warehouse / "server/server.log"
    before = len(log.read_text(errors="replace").splitlines())
    done = server.dbt("run", "--select", "+int_events_checked", landing=landing)
    assert done.returncode == 1
    [error] = done.stdout.split("Completed with")[1:]
    assert "events/a.parquet" in error
    assert "throng server logs" in error
    assert "\tat " not in done.stdout
    assert len(error.splitlines()) <= 15
    stack = log.read_text(errors="replace").splitlines()[before:]
    assert len(stack) > 100


def test_errors_of_every_client_are_short(server):
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND") as error:
        server.query("select * from nowhere.nothing")
    assert "infoMessages=None" in str(error.value)
    assert len(str(error.value)) < 1000


def test_the_layout_of_d4d(server, tmp_path):
    """A reported case: no names anywhere, tabs, and a list of cells without areas; people are
    numbered from 0, which the summary says (test_summary.py). After what the messages say was
    done, everybody is counted."""
    landing, variables = case("10-d4d-layout")
    places = {"cell_id": "column_1", "longitude": "column_2", "latitude": "column_3"}
    counted = ("--select", "+int_events_located")
    mapped = {**variables, "cell_site_columns": places}
    done = server.dbt("build", *WITHOUT_UNIT_TESTS, "test", *counted, landing=landing, **mapped)
    assert "no cell has an area" in stopped_at_lists(done)
    shutil.copytree(landing, tmp_path / "landing")
    [cells] = (tmp_path / "landing/cell_sites").iterdir()
    areas = dict(zip(["1001", "1002", "2001", "3001"], "AABC", strict=True))
    lines = cells.read_text().splitlines()
    cells.chmod(0o644)
    cells.write_text("".join(f"{line}\t{areas[line.split()[0]]}\n" for line in lines))
    mapped["cell_site_columns"] = {**places, "area_id": "column_4"}
    mapped["zero_is_a_person"] = True
    server.build_untested(tmp_path / "landing", *counted, **mapped)
    people = (
        "select area_id, count(distinct subscriber_id) from protected.int_events_located "
        "group by area_id"
    )
    assert dict(server.query(people)) == {"A": 24, "B": 16}


@pytest.mark.parametrize("name", ["12-int96-timestamps", "14-carriage-returns", "15b-zero-byte-gz"])
def test_reported_files_give_the_right_numbers(server, name):
    landing, variables = case(name)
    server.build_untested(landing, "--select", "+candidate_count_residents", **variables)
    assert residents(server) == {"A": 24, "B": 16}
