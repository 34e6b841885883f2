"""Files as people really have them: read, or refused in one sentence with the name of the file."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import feather, fs, orc
from pyarrow import parquet as pq

from tests.python.support.cases import case
from throng.landing.inspect import inspect_landing
from throng.landing.packed import inspect_packed

EVENTS = "subscriber_id,event_at,cell_id\n1,2020-02-01 10:00:00,c1\n"
CELLS = "cell_id,longitude,latitude,area_id\nc1,36.8,-1.28,a1\n"
AREAS = "area_id,area_level,area_name,parent_area_id\na1,district,A,\n"
ROW = {"subscriber_id": ["1"], "event_at": ["2020-02-01 10:00:00"], "cell_id": ["c1"]}
TABLE = pa.table(ROW)


@pytest.fixture
def landing(tmp_path):
    for folder, text in {"events": EVENTS, "cell_sites": CELLS, "areas": AREAS}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(text)
    return tmp_path


def inspect(landing, **request):
    answer = inspect_landing(pa.array([json.dumps({"landing_path": str(landing), **request})]))
    return json.loads(answer[0].as_py())


def put(landing, file: str, content: bytes | str) -> None:
    """A file in place of the one of its folder."""
    path = landing / file
    (path.parent / "a.csv").unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def refused(landing, **request) -> str:
    """The one sentence about what is wrong."""
    [sentence] = inspect(landing, **request)["problems"]
    return sentence


def written(write, *arguments, **options) -> bytes:
    """What a function writes into an open file."""
    file = io.BytesIO()
    write(*arguments, file, **options)
    return file.getvalue()


def parquet(**columns) -> bytes:
    return written(pq.write_table, pa.table({**ROW, **columns}))


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return file.getvalue()


def tar_gz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("e.csv")
        member.size = len(EVENTS)
        archive.addfile(member, io.BytesIO(EVENTS.encode()))
    return file.getvalue()


BROKEN = [
    # Workbooks, archives, and ways of packing that Spark does not unpack.
    (
        "cell_sites/c.xlsx",
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        "is a workbook (Excel)",
    ),
    (
        "cell_sites/c.csv",
        zipped("xl/worksheets/sheet1.xml"),
        "is a workbook (Excel); save it as CSV",
    ),
    ("areas/a.ods", zipped("mimetype", "content.xml"), "is a workbook (OpenDocument)"),
    ("areas/a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is a workbook (.xls)"),
    ("areas/~$a.xlsx", b"\x05" + b"\0" * 164, "leaves beside a workbook that is open"),
    ("areas/a.docx", zipped("word/document.xml"), "is a text document (Word)"),
    ("events/e.zip", zipped("e.csv"), "is a zip archive; unpack it"),
    ("events/e.csv", zipped(), "is an empty zip archive"),
    ("events/e.tar.gz", tar_gz(), "is a tar archive; unpack it"),
    ("events/e.csv.xz", lzma.compress(EVENTS.encode()), "is packed with xz; unpack it: xz -d"),
    ("events/e.csv.zst", b"\x28\xb5\x2f\xfd\x04\x58", "is packed with zstd; unpack it: zstd -d"),
    ("events/e.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "is a 7z archive"),
    ("events/e.csv.gz", gzip.compress(gzip.compress(EVENTS.encode()), mtime=0), "is packed twice"),
    ("events/e.csv.gz", EVENTS, "is not packed, but its name ends in .gz; rename it."),
    ("events/e.csv.bz2", EVENTS, "is not packed, but its name ends in .bz2; rename it."),
    ("events/e.csv.snappy", EVENTS, "is not packed, but its name ends in .snappy; rename it."),
    ("events/e.csv", gzip.compress(EVENTS.encode(), mtime=0), "does not end in .gz; rename it."),
    ("events/E.CSV.GZ", gzip.compress(EVENTS.encode(), mtime=0), "does not end in .gz; rename it."),
    ("events/e.csv", bz2.compress(EVENTS.encode()), "does not end in .bz2; rename it."),
    ("events/e.csv.gz", b"\x1f\x8b\x08\xff" + b"\xff" * 50, "cannot be unpacked ("),
    (
        "events/e.parquet.gz",
        gzip.compress(parquet(), mtime=0),
        "is a Parquet file that is packed once more",
    ),
    # Other files of tables.
    (
        "events/e.orc",
        written(orc.write_table, TABLE),
        "is an ORC file; write it as CSV or Parquet.",
    ),
    ("events/e.avro", b"Obj\x01\x04\x14avro.codec", "is an Avro file"),
    (
        "events/e.feather",
        written(feather.write_feather, TABLE, compression="uncompressed"),
        "is an Arrow file",
    ),
    ("events/e.db", b"SQLite format 3\0" + b"\0" * 80, "is an SQLite database"),
    ("events/e.parquet", b"PARE" + b"\0" * 80 + b"PARE", "is an encrypted Parquet file"),
    ("events/e.json", '{"subscriber_id": "1", "cell_id": "c1"}\n', "is JSON, not a table"),
    ("events/e.csv", '[\n {"subscriber_id": "1"}\n]\n', "is JSON, not a table"),
    # What comes in place of a file.
    ("events/e.csv", "\n<!DOCTYPE html>\n<html><title>Log in</title>", "is a web page (HTML)"),
    ("events/e.csv", "<?xml version='1.0'?><Error><Code>AccessDenied", "is XML, not a table"),
    ("areas/a.pdf", b"%PDF-1.7\n%\xe2\xe3", "is a PDF document; ask for the table itself"),
    ("events/e.csv", b"\0" * 4096, "holds nothing but zero bytes"),
    ("events/e.csv", "version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
    # Texts.
    ("areas/a2.csv", AREAS.replace("A", "Zürich").encode("latin-1"), "is not UTF-8 text (perhaps"),
    ("areas/a2.csv", AREAS.encode("utf-16"), "is not UTF-8 text (it looks like UTF-16)"),
    ("areas/a2.csv", AREAS.encode("utf-16-be"), "is not UTF-8 text (it looks like UTF-16)"),
    ("events/e.csv", b"subscriber_id,ev\0\0ent_at,cell_id\n1,2,3\n", "has zero bytes in its first"),
    ("events/e.csv", "x" * 100_000 + "\n" + EVENTS, "has a first line of more than 65,536 bytes"),
    ("events/e.csv", "\n" * 70_000 + EVENTS, "begins with 65,536 bytes of empty lines"),
    ("events/e.csv", "Calls of February\n\n" + EVENTS, "has other lines above the line of names"),
    ("events/e.csv", "sep=;\n" + EVENTS.replace(",", ";"), "delete the first line ("),
    ("events/e.csv", "", "All files in events/"),
    ("events/e.csv", "\n \r\n", "All files in events/"),
    ("events/e.csv", "subscriber_id\n1\n", "has no columns 'event_at' and 'cell_id'; it has"),
    ("cell_sites/c.csv", CELLS.split("\n")[1], "its first line looks like data, not like names"),
    # Parquet.
    ("events/e.parquet", parquet()[:200], "is not a whole Parquet file ("),
    ("events/e.parquet", b"PAR1" + b"\0" * 50 + b"PAR1", "is not a whole Parquet file ("),
    ("events/e.parquet", parquet(cell_id=[["c1"]]), "has in column 'cell_id' the type list<"),
    ("events/e.parquet", parquet(cell_id=[{"ci": 1}]), "the type struct<ci: int64>, which cannot"),
    (
        "events/e.parquet",
        parquet(cell_id=pa.array([1.0], pa.float32())),
        "has identifiers in column 'cell_id' as float",
    ),
    (
        "events/e.parquet",
        parquet(event_at=pa.array([0], pa.timestamp("us", "UTC"))),
        "has instants in column 'event_at' (times that say how far they are from UTC). Set the var "
        "study_timezone",
    ),
    ("events/e.parquet", parquet(event_at=pa.array([0], pa.time64("us"))), "the type time64[us]"),
]


@pytest.mark.parametrize(
    ("file", "content", "said"), BROKEN, ids=[f"{file} {said[:30]}" for file, _, said in BROKEN]
)
def test_one_sentence_with_the_name_of_the_file(landing, file, content, said):
    put(landing, file, content)
    sentence = refused(landing)
    assert said in sentence
    assert "\n" not in sentence
    assert sentence.startswith((f"{file} ", "All files in events/"))
    assert sentence.endswith(".")


def test_enough_is_tried():
    assert len(BROKEN) >= 50


BY_POSITION = {"cell_id": "column_1", "longitude": "column_2", "latitude": "column_3"}
READ = [
    ("cell_sites/c.csv", CELLS.replace("\n", "\r"), {}),
    ("cell_sites/c.csv", CELLS.replace("\n", "\r\n"), {}),
    ("cell_sites/c.csv", CELLS.replace(",", ";").replace(".", ","), {}),
    ("areas/a.tsv", AREAS.replace(",", "\t"), {}),
    ("events/e.csv", "\ufeff" + EVENTS, {}),
    ("events/e.csv", "\n\n" + EVENTS, {}),
    ("events/e.csv", EVENTS.upper(), {}),
    ("events/e.csv", '"subscriber_id", "event_at", "cell_id"\n', {}),
    ("events/e.csv", EVENTS.replace(",", ",\u00a0"), {}),
    ("events/e.csv.gz", gzip.compress(EVENTS.encode(), mtime=0) * 2, {}),
    ("events/e.csv.bz2", bz2.compress(EVENTS.encode()), {}),
    ("events/e.csv", EVENTS + "1,2," + "x" * 100_000, {}),
    ("events/e.csv", EVENTS.encode() + b"1,\0,2\n", {}),
    ("events/e.csv", EVENTS.replace("cell_id", "Zelle"), {"event_columns": {"cell_id": "zelle"}}),
    (
        "events/e.csv",
        EVENTS.replace("cell_id", "Ce\u0301ll"),
        {"event_columns": {"cell_id": "C\u00e9ll"}},
    ),
    (
        "events/e.csv",
        EVENTS.replace("cell_id", '"a.b ""c"";d"').replace("c1", "x"),
        {"event_columns": {"cell_id": 'a.b "c";d'}},
    ),
    (
        "cell_sites/c.tsv",
        "1001\t36.80\t-1.28\n",
        {"cell_site_columns": BY_POSITION},
    ),
    (
        "cell_sites/c.csv",  # decimal commas: only semicolons leave coordinates that are numbers
        "1001;36,80;-1,28\n1002;36,83;-1,28\n",
        {"cell_site_columns": BY_POSITION},
    ),
    ("events/e.parquet", parquet(subscriber_id=pa.array([1], pa.uint32())), {}),
    ("events/e.parquet", parquet(cell_id=pa.array([b"c1"])), {}),
    ("events/e.parquet", parquet(cell_id=pa.nulls(1)), {}),
]


@pytest.mark.parametrize(("file", "content", "request_"), READ)
def test_what_is_plain_is_read(landing, file, content, request_):
    put(landing, file, content)
    answer = inspect(landing, **request_)
    assert answer["problems"] == []
    table = next(t for t in answer["tables"] if t["name"] == file.split("/")[0])
    assert [name for name, _ in table["files"]] == [file.split("/")[1]]


def column(landing, ours, **request):
    """What one of our columns of events or cells is made of."""
    answer = inspect(landing, **request)
    assert answer["problems"] == []
    [found] = [c for t in answer["tables"][:2] for c in t["columns"] if c[0] == ours][:1]
    return found[1:]


def test_all_that_is_wrong_is_said_at_once(landing):
    """Of all feeds and files; files with the same fault are counted."""
    for day in range(500):
        (landing / f"events/{day:03}.csv").write_text("msisdn,event_at,cell_id\n")
    (landing / "events/z.pdf").write_bytes(b"%PDF-1.7")
    put(landing, "cell_sites/c.xlsx", zipped("xl/workbook.xml"))
    (landing / "areas/a.csv").unlink()
    problems = inspect(landing)["problems"]
    assert len(problems) == 4
    assert problems[0].startswith("events/z.pdf is a PDF")
    assert problems[1].startswith("events/000.csv has no column 'subscriber_id'; it has msisdn,")
    assert problems[1].endswith("The same holds for 499 more files, such as events/001.csv.")
    assert problems[2].startswith("cell_sites/c.xlsx is a workbook")
    assert problems[3].startswith("The landing folder has no files in areas/")


def test_two_delimiters_fit_a_file_without_names(landing):
    columns = {"subscriber_id": "column_1", "event_at": "column_2", "cell_id": "column_3"}
    put(landing, "events/e.csv", "1,2;2,3;3,4\n")
    said = refused(landing, event_columns=columns)
    assert "may be separated by commas or semicolons, and does not say which" in said
    assert 'Set the var event_delimiter, such as event_delimiter: ",".' in said
    assert inspect(landing, event_columns=columns, event_delimiter=";")["problems"] == []
    columns = {name: f"column_{n}" for n, name in enumerate(AREAS.split("\n")[0].split(","), 1)}
    put(landing, "areas/e.csv", "1,2;2,3;3,4;4,5\n")
    (landing / "events/e.csv").write_text(EVENTS)
    said = refused(landing, area_columns=columns)
    assert "Put a line of names on top of it: area_id, area_level, area_name, parent_a" in said


def test_files_of_one_folder_that_are_separated_differently(landing):
    (landing / "events/b.csv").write_text(EVENTS.replace(",", ";"))
    assert refused(landing) == (
        "events/b.csv separates its columns by semicolons, but events/a.csv by commas; write both "
        "the same way."
    )


def test_a_cell_id_of_two_columns(landing):
    (landing / "events/a.csv").write_text("subscriber_id,event_at,lac,ci\n")
    for names in ("lac;ci", "LAC ; ci", ["lac", "ci"]):
        made_of = column(landing, "cell_id", event_columns={"cell_id": names})
        assert made_of == [["lac", "ci"], ["string", "string"]]
    said = refused(landing, event_columns={"cell_id": "lac;eci"})
    assert said.startswith("events/a.csv has no column 'eci'; it has subscriber_id, event_at, lac")
    said = refused(landing, event_columns={"cell_id": "ci", "subscriber_id": ["lac", "ci"]})
    assert "maps subscriber_id to several columns; only cell_id and event_at may have" in said
    (landing / "events/a.csv").write_text('subscriber_id,event_at,"lac;ci"\n')
    assert column(landing, "cell_id", event_columns={"cell_id": "lac;ci"}) == ["lac;ci", "string"]


def test_a_date_and_a_time_of_day(landing):
    (landing / "events/a.csv").write_text("subscriber_id,day,time,cell_id\n")
    made_of = column(landing, "event_at", event_columns={"event_at": "day;time"})
    assert made_of == [["day", "time"], ["string", "string"]]


def test_lists_have_names_of_their_own(landing):
    put(landing, "cell_sites/c.csv", "CGI;lon;lat\nc1;36,8;-1,28\n")
    said = refused(landing)
    assert said.startswith("cell_sites/c.csv has no columns 'cell_id' and 'longitude' and 'lat")
    assert "cell_site_columns: {cell_id: name_in_the_file}" in said
    columns = {"cell_id": "CGI", "longitude": "lon", "latitude": "lat"}
    assert inspect(landing, cell_site_columns=columns)["problems"] == []
    said = refused(landing, cell_site_columns={**columns, "lac": "lac"})
    assert said.startswith("The var cell_site_columns maps 'lac', which is no cell_site column.")
    said = refused(landing, cell_site_columns=columns, area_columns={"area_id": "ADM2_PCODE"})
    assert said.startswith("areas/a.csv has no column 'ADM2_PCODE'; it has area_id, area_level")


@pytest.mark.parametrize(
    ("kind", "written_as", "options"),
    [
        ("timestamp_ntz", pa.timestamp("ms"), {}),
        ("nanoseconds", pa.timestamp("ns"), {}),
        ("instant", pa.timestamp("us", "Africa/Nairobi"), {}),
        ("nanosecond_instant", pa.timestamp("ns", "UTC"), {}),
        ("int96", pa.timestamp("ns"), {"use_deprecated_int96_timestamps": True}),
        ("date", pa.date32(), {}),
    ],
)
def test_times_in_parquet(landing, kind, written_as, options):
    at = datetime(2020, 2, 1, 10, tzinfo=UTC if getattr(written_as, "tz", None) else None)
    table = pa.table({**ROW, "event_at": pa.array([at], written_as)})
    put(landing, "events/e.parquet", written(pq.write_table, table, **options))
    assert column(landing, "event_at", study_timezone="Africa/Nairobi") == ["event_at", kind]


def test_whole_numbers_of_several_widths_are_read_as_the_widest(landing):
    put(landing, "events/1.parquet", parquet(subscriber_id=pa.array([1], pa.int32())))
    pq.write_table(pa.table({**ROW, "subscriber_id": [1]}), landing / "events/2.parquet")
    assert column(landing, "subscriber_id") == ["subscriber_id", "bigint"]


def test_a_column_of_nothing_beside_one_of_something(landing):
    """As pandas writes a day on which all was missing; Spark cannot read the two as one column."""
    put(landing, "events/1.parquet", parquet(direction=pa.nulls(1)))
    assert column(landing, "direction") == [None, None]
    pq.write_table(pa.table({**ROW, "direction": ["in"]}), landing / "events/2.parquet")
    assert refused(landing) == (
        "events/2.parquet has column 'direction' as string, but other files have it without a "
        "value and a type; write it with its type in all."
    )


def test_files_that_spark_passes_over(landing):
    for name in ("_SUCCESS", ".part-1.crc", "e.csv._COPYING_"):
        (landing / "events" / name).write_text("%PDF")
    (landing / "events/_day=1").mkdir()
    (landing / "events/_day=1/b.csv").write_text(EVENTS)
    (landing / "events/c.csv").mkdir()  # a folder that is named like a file, as Spark makes it
    (landing / "events/c.csv/part-0.csv").write_text(EVENTS)
    answer = inspect(landing)
    assert answer["problems"] == []
    names = [name for name, _ in answer["tables"][0]["files"]]
    assert names == ["_day=1/b.csv", "a.csv", "c.csv/part-0.csv"]


def test_a_link_to_nothing(landing):
    (landing / "events/b.csv").symlink_to("nowhere.csv")
    assert refused(landing).startswith("events/b.csv is a link to a file that is not there")


def test_a_file_that_may_not_be_read(landing, monkeypatch):
    """The superuser may read all, so the system's answer is put in its place."""

    def refuse(self, path):
        raise PermissionError(13, "Permission denied", path)

    class Closed(fs.LocalFileSystem):
        open_input_file = refuse

    monkeypatch.setattr("throng.landing.files.fs.LocalFileSystem", Closed)
    [said] = inspect(landing)["problems"]
    assert said.startswith("events/a.csv may not be read; let the user read it who runs")
    assert said.endswith("The same holds for 2 more files, such as cell_sites/a.csv.")


def whole(content: bytes, tmp_path) -> str | None:
    """What is said of a packed file."""
    (tmp_path / "f").write_bytes(content)
    return inspect_packed(pa.array([str(tmp_path)]), pa.array(["f"]))[0].as_py()


PACKED = gzip.compress(bytes(range(256)) * 20_000, mtime=0)
PACKED_BZ2 = bz2.compress(bytes(range(256)) * 20_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PACKED, None),
        (PACKED * 3, None),
        (gzip.compress(b"", mtime=0), None),
        (gzip.compress(bytes(30_000_000), mtime=0), None),  # a thousand times as large
        (PACKED_BZ2 * 2, None),
        (EVENTS.encode(), None),
        (b"", None),
        (PACKED[:-1], "ends in the middle"),
        (PACKED[: len(PACKED) // 2], "ends in the middle"),
        (PACKED + PACKED[:100], "ends in the middle"),
        (PACKED[:10], "ends in the middle"),
        (PACKED_BZ2[:-5], "ends in the middle"),
        (PACKED + b"garbage", "has something behind the end of its packed data"),
        (PACKED + b"\0" * 512, "has something behind the end of its packed data"),
        (PACKED[:-8] + b"\1" * 8, "cannot be unpacked to its end ("),
        (PACKED[:500] + b"\xff" * 500 + PACKED[1000:], "cannot be unpacked to its end ("),
    ],
)
def test_whether_a_packed_file_is_whole(tmp_path, content, said):
    found = whole(content, tmp_path)
    assert found is None if said is None else said in found


def test_a_packed_file_is_whole_or_not_wherever_it_is_cut(tmp_path):
    content = gzip.compress(EVENTS.encode(), mtime=0) + gzip.compress(b"x\n" * 50, mtime=0)
    for end in range(2, len(content)):
        is_whole = end == len(gzip.compress(EVENTS.encode(), mtime=0))
        assert (whole(content[:end], tmp_path) is None) == is_whole, end
    assert inspect_packed(pa.array([None]), pa.array(["f"])).to_pylist() == [None]


def said_of_case(name: str) -> list[str]:
    landing, variables = case(name)
    return inspect(landing, **variables)["problems"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("10-d4d-layout", "cell_sites/ANT_POS.TSV has no column 'cell_id'; its first line looks"),
        ("10b-list-without-header", "cell_site_columns: {cell_id: column_1, longitude: column_2, "),
        ("25-workbook-as-cell-list", "cell_sites/cells.xlsx is a workbook (Excel); save it as CSV"),
    ],
)
def test_reported_files_that_cannot_be_read(name, said):
    [sentence] = said_of_case(name)
    assert said in sentence


@pytest.mark.parametrize(
    "name",
    [
        *("05b-european-csv-lists-mended", "12-int96-timestamps", "14-carriage-returns"),
        *("15b-zero-byte-gz", "17-cell-id-without-its-lac", "18-java-date"),
    ],
)
def test_reported_files_that_are_read(name):
    assert said_of_case(name) == []


def test_a_reported_file_that_was_cut():
    """Its head is as it should be."""
    assert said_of_case("15a-truncated-gz") == []
    landing, _ = case("15a-truncated-gz")
    found = inspect_packed(
        pa.array([str(landing)] * 2),
        pa.array(["events/1.csv.gz", "events/2.csv.gz"]),
    ).to_pylist()
    assert found == [
        None,
        "ends in the middle: it was not transferred to its end. Fetch it again.",
    ]


def mutated(content: bytes, seed: int) -> bytes:
    """The same file with bytes changed, cut off, doubled or put in."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randint(1, 30))
        which = chance.randrange(5)
        if which == 0:
            del data[at:]
        elif which == 1:
            data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        elif which == 2:
            data[at:at] = data[at:end] * chance.randint(1, 3)
        elif which == 3:
            data[at:at] = chance.choice(
                [b"\0", b"\n", b"\r", b'"', b";", b"\t", b"`", b"\xff", b"\\"]
            )
        else:
            data[at:end] = b""
    return bytes(data)


WHOLE = {
    "a.csv": EVENTS.encode(),
    "a.csv.gz": gzip.compress(EVENTS.encode(), mtime=0),
    "a.csv.bz2": bz2.compress(EVENTS.encode()),
    "a.parquet": parquet(event_at=pa.array([0], pa.timestamp("us"))),
    "a.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "seeds", [range(40), pytest.param(range(40, 640), marks=pytest.mark.long)], ids=["few", "many"]
)
def test_a_mutated_file_gives_an_answer_or_sentences(landing, name, seeds):
    """An exception would be a page of Java. 3,000 files in make test-all."""
    for seed in seeds:
        put_again(landing, name, mutated(WHOLE[name], seed))
        answer = inspect(landing, study_timezone="UTC")
        assert bool(answer["problems"]) != any(t["name"] == "events" for t in answer["tables"])
        for sentence in answer["problems"]:
            assert "\n" not in sentence
            assert sentence.endswith("."), sentence
        for file, _ in answer["packed"]:
            inspect_packed(pa.array([str(landing)]), pa.array([file]))


def put_again(landing, name: str, content: bytes) -> None:
    for file in (landing / "events").iterdir():
        file.unlink()
    (landing / "events" / name).write_bytes(content)
