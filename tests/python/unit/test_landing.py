"""What is said of landing folders, without Spark."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from throng.landing.inspect import inspect_landing

EVENTS = "subscriber_id,event_at,cell_id\n1,2020-02-01 10:00:00,c1\n"


@pytest.fixture
def landing(tmp_path):
    for folder, text in {
        "events/a.csv": EVENTS,
        "cell_sites/c.csv": "cell_id,longitude,latitude,area_id\nc1,0,0,a1\n",
        "areas/a.csv": "area_id,area_level,area_name,parent_area_id\na1,district,A,\n",
    }.items():
        path = tmp_path / folder
        path.parent.mkdir()
        path.write_text(text)
    return tmp_path


def inspect(landing, **request):
    answer = inspect_landing(pa.array([json.dumps({"landing_path": str(landing), **request})]))
    return json.loads(answer[0].as_py())


def problem(landing, **request):
    """All that is wrong, one sentence a line; None if nothing is."""
    return "\n".join(inspect(landing, **request)["problems"]) or None


def test_a_good_folder(landing):
    answer = inspect(landing)
    assert answer["problems"] == []
    events = answer["tables"][0]
    assert events["name"] == "events"
    assert events["format"] == "csv"
    assert events["location"] == f"file://{landing}/events"
    assert events["file_columns"] == [[name, "string"] for name in EVENTS.split()[0].split(",")]
    assert ["subscriber_id", "subscriber_id", "string"] in events["columns"]
    assert ["duration_s", None, None] in events["columns"]


def test_null_gives_null():
    assert inspect_landing(pa.array([None], pa.string())).to_pylist() == [None]


def test_no_folder(landing):
    text = problem(landing / "nowhere")
    assert "nowhere does not exist" in text
    assert "THRONG_LANDING" in text


@pytest.mark.parametrize("folder", ["events", "cell_sites", "areas"])
def test_an_empty_or_missing_sub_folder(landing, folder):
    for file in (landing / folder).iterdir():
        file.unlink()
    (landing / folder / "_SUCCESS").touch()  # as Spark leaves it; not data
    assert f"no files in {folder}/" in problem(landing)
    (landing / folder / "_SUCCESS").unlink()
    (landing / folder).rmdir()
    assert f"no files in {folder}/" in problem(landing)


def test_only_empty_files(landing):
    (landing / "events/a.csv").write_text("")
    assert "All files in events/" in problem(landing)


def test_a_mapped_column_that_no_file_has(landing):
    text = problem(landing, event_columns={"subscriber_id": "msisdn"})
    assert text.startswith("events/a.csv has no column 'msisdn'; it has subscriber_id, event_at")
    assert "event_columns" in text


def test_a_mapping_that_cannot_be_meant(landing):
    text = problem(landing, event_columns={"msisdn": "subscriber_id"})
    assert text.startswith("The var event_columns maps 'msisdn', which is no event column.")
    assert "counterpart_id, duration_s, volume_mb." in text
    for name in (5, None, True):
        said = f"maps subscriber_id to '{name}'; map it to the name of a column."
        assert said in problem(landing, event_columns={"subscriber_id": name})


def test_a_mapped_optional_column_has_to_be_there(landing):
    assert "no column 'secs'" in problem(landing, event_columns={"duration_s": "secs"})


@pytest.mark.parametrize(
    ("delimiter", "spoken"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
)
def test_another_delimiter_is_found(landing, delimiter, spoken):
    (landing / "events/a.csv").write_text(EVENTS.replace(",", delimiter))
    answer = inspect(landing)
    assert answer["problems"] == []
    assert [table["delimiter"] for table in answer["tables"][:3]] == [delimiter, ",", ","]
    text = problem(landing, event_delimiter=",")
    assert text.startswith(f"events/a.csv separates its columns by {spoken}, not by ',';")
    assert f"set the var event_delimiter to {json.dumps(delimiter)}, or leave it out" in text
    assert problem(landing, event_delimiter=delimiter) is None
    assert problem(landing, event_delimiter="\\t") is None or delimiter != "\t"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_another_encoding(landing, encoding):
    text = EVENTS.replace("c1", "Zürich")
    (landing / "events/a.csv").write_bytes(text.encode(encoding))
    assert "is not UTF-8 text" in problem(landing)
    assert "iconv" in problem(landing)


def test_utf8_with_a_mark_is_fine(landing):
    (landing / "events/a.csv").write_bytes(EVENTS.encode("utf-8-sig"))
    assert problem(landing) is None


def test_a_character_cut_by_the_end_of_the_head_is_fine(landing):
    (landing / "events/a.csv").write_text(EVENTS + "é" * 70_000)
    assert problem(landing) is None
    (landing / "events/a.csv").write_text(EVENTS + "x" + "é" * 70_000)
    assert problem(landing) is None


def test_files_with_columns_in_another_order(landing):
    (landing / "events/b.csv").write_text("event_at,subscriber_id,cell_id\n")
    text = problem(landing)
    assert "events/b.csv has the columns event_at, subscriber_id, cell_id" in text
    assert "same order" in text


def test_sub_folders_and_gzip(landing):
    (landing / "events/2020/02").mkdir(parents=True)
    with gzip.open(landing / "events/2020/02/b.csv.gz", "wt") as file:
        file.write(EVENTS * 10_000)
    assert problem(landing) is None


def test_a_name_that_lies_about_gzip(landing):
    (landing / "events/b.csv.gz").write_text(EVENTS)
    assert "events/b.csv.gz is not packed, but its name ends in .gz" in problem(landing)
    (landing / "events/b.csv.gz").unlink()
    (landing / "events/c.csv").write_bytes(gzip.compress(EVENTS.encode()))
    assert "events/c.csv is packed, but its name does not end in .gz" in problem(landing)


def test_a_column_named_twice(landing):
    (landing / "events/a.csv").write_text("subscriber_id,event_at,cell_id,Cell_ID\n")
    assert "names a column twice" in problem(landing)


def test_a_file_without_header_does_not_show_its_first_person(landing):
    (landing / "events/a.csv").write_text("+999701234567,2020-02-01 10:00:00,c1\n")
    text = problem(landing)
    assert "looks like data" in text
    said = "as in event_columns: {subscriber_id: column_1, event_at: column_2, cell_id: column_3}."
    assert said in text
    assert "999701234567" not in text
    (landing / "events/a.csv").write_text("701234567;x,Ada Lovelace,c1\n")
    assert "701234567" not in problem(landing)


def test_a_relative_path(landing, monkeypatch):
    monkeypatch.chdir(landing / "events")
    assert inspect("..")["tables"][0]["folder"] == f"{landing}/events"


def test_what_parquet_cannot_say_rightly(landing):
    (landing / "events/a.csv").unlink()
    good = {"subscriber_id": ["1"], "event_at": ["2020-02-01 10:00:00"], "cell_id": ["c1"]}
    zoned = {**good, "event_at": pa.array([0], pa.timestamp("us", "Africa/Nairobi"))}
    pq.write_table(pa.table(zoned), landing / "events/a.parquet")
    assert "Set the var study_timezone to the zone of the study" in problem(landing)
    pq.write_table(
        pa.table({**good, "cell_id": pa.array([1.0], pa.float32())}), landing / "events/a.parquet"
    )
    assert "loses digits" in problem(landing)


def test_a_column_without_a_name(landing):
    (landing / "events/a.csv").write_text("subscriber_id,event_at,cell_id,\n")
    answer = inspect(landing)
    assert answer["problems"] == []
    assert answer["tables"][0]["file_columns"][-1] == ["column_4", "string"]


def test_names_that_are_nothing_special(landing):
    """A backtick, two columns of one name that nobody asked for, and one that the table needs."""
    (landing / "events/a.csv").write_text(
        "subscriber_id,event_at,cell_id,`x,Note,note,_malformed_row\n"
    )
    answer = inspect(landing)
    assert answer["problems"] == []
    names = [name for name, _ in answer["tables"][0]["file_columns"]]
    assert names[3:] == ["`x", "Note", "column_6", "column_7"]


def test_no_header(landing):
    (landing / "events/a.csv").write_text("c1,1,2020-02-01 10:00:00\n")
    columns = {"cell_id": "column_1", "subscriber_id": "column_2", "event_at": "column_3"}
    answer = inspect(landing, event_header=False, event_columns=columns)
    assert answer["problems"] == []
    assert [name for name, _ in answer["tables"][0]["file_columns"]] == list(columns.values())


def test_parquet_types(landing):
    (landing / "events/a.csv").unlink()
    table = pa.table(
        {
            "subscriber_id": pa.array([1], pa.int64()),
            "event_at": pa.array([0], pa.timestamp("us")),
            "cell_id": pa.array(["c1"]).dictionary_encode(),
            "unused": pa.array([[1]]),
        }
    )
    pq.write_table(table, landing / "events/a.parquet")
    answer = inspect(landing)
    assert answer["problems"] == []
    assert answer["tables"][0]["file_columns"] == [
        ["subscriber_id", "bigint"],
        ["event_at", "timestamp_ntz"],
        ["cell_id", "string"],
    ]
    pq.write_table(
        table.set_column(0, "subscriber_id", pa.array(["1"])), landing / "events/b.parquet"
    )
    said = (
        "events/b.parquet has column 'subscriber_id' as string, but other files have it as bigint"
    )
    assert said in problem(landing)
    (landing / "events/b.parquet").unlink()
    (landing / "events/b.csv").write_text(EVENTS)
    assert "mixes CSV and Parquet" in problem(landing)


def test_half_a_parquet_file(landing):
    (landing / "events/a.csv").unlink()
    pq.write_table(pa.table({"subscriber_id": ["1"]}), landing / "events/a.parquet")
    content = (landing / "events/a.parquet").read_bytes()
    (landing / "events/a.parquet").write_bytes(content[: len(content) // 2])
    assert "is not a whole Parquet file" in problem(landing)


TRACKS = "1,7,12,2020-02-03 10:00:00,1,10001\n"
CUSTOMERS = "CustID,Name,Gender,Address,zip,SignDate,Status,Level,Campaign,LinkedWithApps\n"


def feed(answer, name):
    [table] = [table for table in answer["tables"] if table["name"] == name]
    return table


@pytest.mark.parametrize("is_there", [False, True])
def test_listeners_are_optional(landing, is_there):
    """No folder and an empty file are both a feed without rows."""
    if is_there:
        for name in ("listening_events", "customers"):
            (landing / name).mkdir()
            (landing / name / "empty.csv").write_text("")
    answer = inspect(landing)
    assert answer["problems"] == []
    for name in ("listening_events", "customers"):
        table = feed(answer, name)
        assert table["format"] is None
        assert table["files"] == []
        assert {theirs for _, theirs, _ in table["columns"]} == {None}


def test_listeners_are_read_by_position_and_by_name(landing):
    (landing / "listening_events" / "2020").mkdir(parents=True)
    (landing / "listening_events" / "2020" / "tracks.csv").write_text(TRACKS)
    (landing / "customers").mkdir()
    (landing / "customers" / "cust.csv").write_text(CUSTOMERS)
    answer = inspect(landing)
    events, customers = feed(answer, "listening_events"), feed(answer, "customers")
    assert not events["has_header"]
    assert ["event_at", "column_4", "string"] in events["columns"]
    [[name, version]] = events["files"]
    assert name == "2020/tracks.csv"
    assert version.endswith(f" {len(TRACKS)}")
    ours = {column for column, *_ in customers["columns"]}
    assert ["customer_id", "CustID", "string"] in customers["columns"]
    assert not ours & {"name", "address", "Name", "Address"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,7,12,2020-02-03 10:00:00\n", "begins with a line of 4 fields; listening_events/ has 6"),
        (TRACKS.replace(",", ";"), "begins with a line of 1 fields; listening_events/ has 6"),
    ],
)
def test_listening_events_of_another_shape(landing, text, said):
    (landing / "listening_events").mkdir()
    (landing / "listening_events" / "tracks.csv").write_text(text)
    assert said in problem(landing)


def test_listening_events_in_parquet_are_refused(landing):
    (landing / "listening_events").mkdir()
    pq.write_table(pa.table({"event_id": ["1"]}), landing / "listening_events" / "a.parquet")
    assert "listening_events/ holds Parquet files; put the feed there as CSV" in problem(landing)


RECHARGES = "caller_id,amount,timestamp\n1,5,2020-02-03 10:00:00\n"
MAPPED = {"subscriber_id": "caller_id", "recharge_at": "timestamp"}


@pytest.mark.parametrize("is_there", [False, True])
def test_recharges_are_optional(landing, is_there):
    """With their columns mapped too: a var for a feed that is still to come does no harm."""
    if is_there:
        (landing / "recharges").mkdir()
    answer = inspect(landing, recharge_columns=MAPPED)
    assert answer["problems"] == []
    table = feed(answer, "recharges")
    assert table["format"] is None
    assert [ours for ours, *_ in table["columns"]] == ["subscriber_id", "recharge_at", "amount"]


def test_recharges_have_names_of_their_own(landing):
    (landing / "recharges").mkdir()
    (landing / "recharges" / "a.csv").write_text(RECHARGES)
    said = problem(landing)
    found = "recharges/a.csv has no columns 'subscriber_id' and 'recharge_at'; it has caller_id,"
    assert said.startswith(found)
    assert "in the var recharge_columns, as in" in said
    columns = feed(inspect(landing, recharge_columns=MAPPED), "recharges")["columns"]
    assert ["recharge_at", "timestamp", "string"] in columns
    said = problem(landing, recharge_columns={"balance": "amount"})
    assert said.startswith("The var recharge_columns maps 'balance', which is no recharge column.")
    assert "They are: subscriber_id, recharge_at, amount." in said


def test_recharges_are_delimited_as_events_are(landing):
    (landing / "recharges").mkdir()
    (landing / "recharges" / "a.csv").write_text(RECHARGES.replace(",", ";"))
    assert problem(landing, recharge_columns=MAPPED) is None
    said = problem(landing, recharge_columns=MAPPED, event_delimiter=",")
    assert 'set the var event_delimiter to ";"' in said


def test_recharges_may_be_parquet(landing):
    (landing / "recharges").mkdir()
    path = landing / "recharges" / "a.parquet"
    columns = {
        "caller_id": ["1"],
        "amount": [5.0],
        "timestamp": pa.array([0], pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), path)
    answer = inspect(landing, recharge_columns=MAPPED)
    assert answer["problems"] == []
    assert ["amount", "amount", "double"] in feed(answer, "recharges")["columns"]
    pq.write_table(pa.table(columns | {"caller_id": pa.array([1.0], pa.float32())}), path)
    assert "loses digits" in problem(landing, recharge_columns=MAPPED)


def test_a_customer_list_without_a_column(landing):
    (landing / "customers").mkdir()
    (landing / "customers" / "cust.csv").write_text(CUSTOMERS.replace("Level,", ""))
    assert "customers/cust.csv has no column 'Level'" in problem(landing)
