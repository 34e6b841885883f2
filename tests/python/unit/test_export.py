"""What `throng export` writes and what it refuses, without a server."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import pytest
from pyarrow import parquet as pq

from throng.export import ExportError, require_mart, write_mart

COLUMNS = [
    ("period_start", "timestamp", None),
    ("group_value", "string", None),
    ("n_subscribers", "bigint", None),
    ("mean_value", "double", None),
    ("is_suppressed", "boolean", None),
]
START = datetime(2020, 2, 3)
ROWS = [
    (START, 'a "quoted", name', 20, 1.5, False),
    (START, "ü", None, None, True),
    *((START, f"g{n}", 16 + n, n / 4, False) for n in range(25_000)),
]


SCHEMAS = {
    "marts": ["listener_summary"],
    "protected": ["int_listener_profiles", "candidate_listener_summary"],
    "released": ["listener_summary", "not_yet_a_mart"],
}


class Cursor:
    """As much of PyHive's cursor as the command asks of it."""

    def __init__(self, rows=ROWS):
        self.statements = []
        self._data, self._rows = iter(rows), []

    def execute(self, sql):
        self.statements.append(sql)
        if sql.startswith("show schemas like"):
            self._rows = [(name,) for name in SCHEMAS if f"'{name}'" in sql]
        elif sql.startswith("show tables in"):
            schema = sql.split()[-1]
            self._rows = [(schema, name, False) for name in SCHEMAS[schema]]
        elif sql.startswith("describe"):
            self._rows = COLUMNS

    def fetchall(self):
        return self._rows

    def fetchmany(self, size):
        return [row for _, row in zip(range(size), self._data, strict=False)]


def test_csv_holds_every_row_once(tmp_path):
    assert write_mart(Cursor(), "listener_summary", "csv", tmp_path / "out.csv") == len(ROWS)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    assert lines[0] == [name for name, *_ in COLUMNS]
    assert lines[1] == ["2020-02-03 00:00:00", 'a "quoted", name', "20", "1.5", "false"]
    assert lines[2] == ["2020-02-03 00:00:00", "ü", "", "", "true"]
    assert len(lines) == 1 + len(ROWS)


def test_json_is_a_list_of_rows(tmp_path):
    assert write_mart(Cursor(), "listener_summary", "json", tmp_path / "out.json") == len(ROWS)
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert len(found) == len(ROWS)
    assert found[1] == {
        "period_start": "2020-02-03 00:00:00",
        "group_value": "ü",
        "n_subscribers": None,
        "mean_value": None,
        "is_suppressed": True,
    }


def test_parquet_has_the_types_of_the_mart(tmp_path):
    write_mart(Cursor(), "listener_summary", "parquet", tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    assert [str(kind) for kind in found.schema.types] == [
        "timestamp[us]",
        "string",
        "int64",
        "double",
        "bool",
    ]
    assert found.to_pylist()[0] == dict(zip(found.column_names, ROWS[0], strict=True))
    assert found.num_rows == len(ROWS)


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_a_mart_without_rows_is_a_file_without_rows(tmp_path, file_format):
    path = tmp_path / f"out.{file_format}"
    assert write_mart(Cursor(rows=[]), "listener_summary", file_format, path) == 0
    read = {
        "csv": lambda: path.read_text().splitlines()[1:],
        "json": lambda: json.loads(path.read_text()),
        "parquet": lambda: pq.read_table(path).to_pylist(),
    }
    assert read[file_format]() == []


def test_a_run_that_breaks_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("as it was")

    class Breaking(Cursor):
        def fetchmany(self, size):
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_mart(Breaking(), "listener_summary", "csv", path)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_written_over(tmp_path):
    with pytest.raises(ExportError, match="is a folder; name a file with --out"):
        write_mart(Cursor(), "listener_summary", "csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["listener_summary", "marts.listener_summary", "Listener_Summary"])
def test_a_mart_is_found(name):
    assert require_mart(Cursor(), name) == "listener_summary"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("int_listener_profiles", "protected.int_listener_profiles is not for readers"),
        ("protected.candidate_listener_summary", "is not for readers, so it is not exported"),
        ("protected.listener_summary", "There is no mart protected.listener_summary."),
        ("released.listener_summary", "released.listener_summary is not for readers"),
        ("not_yet_a_mart", "There is no mart not_yet_a_mart."),
        ("listeners", "There is no mart listeners. The marts are: listener_summary."),
        ("x; drop table y", "There is no mart x; drop table y."),
    ],
)
def test_anything_else_is_refused_with_a_sentence(name, said):
    cursor = Cursor()
    with pytest.raises(ExportError, match=said.replace(".", r"\.")):
        require_mart(cursor, name)
    assert not any(name in statement for statement in cursor.statements)
