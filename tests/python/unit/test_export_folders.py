"""Marts as folders of Parquet files, without a server."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from typer.testing import CliRunner

from throng.cli import app
from throng.export import check_options
from throng.marts.arrow import ExportError, schema_of
from throng.marts.folders import write_folder
from throng.marts.layout import Column, mart_of

COLUMNS = [
    Column("period", "string"),
    Column("period_start", "timestamp"),
    Column("area_level", "string"),
    Column("n_subscribers", "bigint"),
]
MART = mart_of(
    "count_residents", COLUMNS, {"period": ["day", "week"], "area_level": ["admin1", "admin2"]}
)
START = datetime(2020, 2, 3)
#: As the server hands them over: partition columns first, in order.
ROWS = [
    ("day", "admin1", START, 20),
    ("day", "admin2", START, 16),
    ("day", "admin2", START, None),
    ("week", "admin1", START, 31),
]


class Cursor:
    """As much of PyHive's cursor as a folder is written from."""

    def __init__(self, rows=ROWS, breaks=False):
        self._rows, self._breaks = iter(rows), breaks

    def execute(self, sql):
        self.sql = sql

    def fetchmany(self, size):
        found = [row for _, row in zip(range(2), self._rows, strict=False)]
        if self._breaks and not found:
            raise OSError("gone")
        return found


def files_of(folder: Path) -> dict[str, list[dict]]:
    return {
        path.relative_to(folder).as_posix(): pq.ParquetFile(path).read().to_pylist()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_each_combination_of_values_is_a_file_without_these_columns(tmp_path):
    cursor = Cursor()
    written = write_folder(cursor, MART, tmp_path)
    assert (written.n_rows, written.n_files) == (4, 3)
    columns = "period, area_level, period_start, n_subscribers"
    assert cursor.sql == f"select {columns} from marts.count_residents order by {columns}"

    def row(n):
        return {"period_start": START, "n_subscribers": n}

    assert files_of(tmp_path) == {
        "count_residents/period=day/area_level=admin1/part-0.parquet": [row(20)],
        "count_residents/period=day/area_level=admin2/part-0.parquet": [row(16), row(None)],
        "count_residents/period=week/area_level=admin1/part-0.parquet": [row(31)],
    }


def test_files_are_what_hive_reads(tmp_path):
    """Compressed with zstd; a time is an INT96, since Hive 2 and 3 know no other."""
    write_folder(Cursor(), MART, tmp_path)
    for path in tmp_path.rglob("*.parquet"):
        footer = pq.read_metadata(path)
        assert footer.row_group(0).column(0).compression == "ZSTD"
        assert footer.schema.column(0).physical_type == "INT96"


def test_a_mart_that_nothing_divides_is_one_file(tmp_path):
    mart = mart_of("releases", [Column("release_id", "string")], {})
    assert write_folder(Cursor([("r0001",), ("r0002",), ("r0003",)]), mart, tmp_path).n_rows == 3
    assert list(files_of(tmp_path)) == ["releases/part-0.parquet"]
    assert write_folder(Cursor([]), mart, tmp_path).n_files == 1
    assert files_of(tmp_path) == {"releases/part-0.parquet": []}


def test_a_mart_without_rows_is_a_folder_without_files(tmp_path):
    assert write_folder(Cursor([]), MART, tmp_path).n_files == 0
    assert list(tmp_path.rglob("*")) == [tmp_path / "count_residents"]


def test_a_folder_is_replaced_whole_and_others_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "no_mart").mkdir()
    write_folder(Cursor(), MART, tmp_path)
    write_folder(Cursor(ROWS[:1]), MART, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "count_residents",
        "no_mart",
        "notes.txt",
    ]
    [file] = (tmp_path / "count_residents").rglob("*.parquet")
    assert file.parent.name == "area_level=admin1"


def test_a_run_that_breaks_leaves_the_folder_as_it_was(tmp_path):
    write_folder(Cursor(), MART, tmp_path)
    before = files_of(tmp_path)
    with pytest.raises(OSError, match="gone"):
        write_folder(Cursor(ROWS[:3], breaks=True), MART, tmp_path)
    assert files_of(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["count_residents"]


def test_the_old_folder_comes_back_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    write_folder(Cursor(), MART, tmp_path)
    before = files_of(tmp_path)
    rename = Path.rename

    def refuse_the_new(path, target):
        if Path(target).name == "count_residents" and not path.name.endswith(".old"):
            raise OSError("full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(OSError, match="full"):
        write_folder(Cursor(ROWS[:1]), MART, tmp_path)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("name", ["photos/one.jpg", "period=day/mine.parquet", "notes"])
def test_a_folder_that_no_export_wrote_is_not_replaced(tmp_path, name):
    file = tmp_path / "count_residents" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(ExportError, match="would be replaced, but no export wrote"):
        write_folder(Cursor(), MART, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_a_link_or_a_file_is_not_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "count_residents"
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match="would be replaced"):
        write_folder(Cursor(), MART, tmp_path)
    place.unlink()
    place.write_text("mine")
    with pytest.raises(ExportError, match="would be replaced"):
        write_folder(Cursor(), MART, tmp_path)
    assert place.read_text() == "mine"


def test_a_value_that_came_in_between_stops_the_export(tmp_path):
    with pytest.raises(ExportError, match="has changed while it was exported"):
        write_folder(Cursor([("day", None, START, 16)]), MART, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_flat_type_is_exported(tmp_path):
    values = {
        "string": ("a", "a"),
        "timestamp": ("2020-02-03 04:05:06", datetime(2020, 2, 3, 4, 5, 6)),
        "date": ("2020-02-03", date(2020, 2, 3)),
        "decimal(5,2)": (Decimal("1.50"), Decimal("1.50")),
        "bigint": (1, 1),
        "int": (1, 1),
        "smallint": (1, 1),
        "tinyint": (1, 1),
        "double": (0.5, 0.5),
        "float": (0.5, 0.5),
        "boolean": (True, True),
        "binary": (b"a", b"a"),
    }
    mart = mart_of("m", [Column(f"c{n}", kind) for n, kind in enumerate(values)], {})
    write_folder(Cursor([tuple(given for given, _ in values.values())]), mart, tmp_path)
    [[row]] = files_of(tmp_path).values()
    assert list(row.values()) == [read for _, read in values.values()]


def test_other_types_are_refused_with_their_column():
    with pytest.raises(ExportError, match=r"marts\.m has the column c of type array<int>"):
        schema_of("m", [Column("c", "array<int>")])
    assert schema_of("m", [Column("c", "int")]).types == [pa.int32()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a mart, such as count_residents, or give --all."),
        (["m", "--all"], "leave out either --all or m."),
        (["m", "--format", "xml"], "--format must be csv, parquet or json, not 'xml'."),
        (["--all", "--partitioned", "--format", "csv", "--out", "x"], "--partitioned writes Parq"),
        (["--all"], "--all writes a folder: name it with --out."),
        (["m", "--partitioned"], "--partitioned writes a folder: name it with --out."),
        (["--all", "--out", __file__], "is a file: name another."),
    ],
)
def test_options_that_contradict_each_other_are_one_sentence(arguments, said):
    done = CliRunner().invoke(app, ["export", *arguments])
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ") and said in line


def test_the_format_follows_from_the_options(tmp_path):
    assert check_options("m", False, None, False, None) == "csv"
    assert check_options(None, True, "json", False, tmp_path / "new") == "json"
    assert check_options(None, True, None, True, tmp_path) == "parquet"
    assert check_options("m", False, "parquet", True, tmp_path) == "parquet"
