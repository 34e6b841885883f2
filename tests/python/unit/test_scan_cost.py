"""What a query reads of exported marts, against sizes added up by hand from the footers."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from typer.testing import CliRunner

from throng.cli import app
from throng.marts.scan_cost import ScanCostError, billed_bytes, report, scan_cost

LEVELS, PERIODS = ("admin1", "admin2"), ("day", "week")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two marts: one in folders by period and level, one in a file."""
    folder = tmp_path_factory.mktemp("marts")
    for place, (period, level) in enumerate((p, a) for p in PERIODS for a in LEVELS):
        path = folder / "residents" / f"period={period}" / f"area_level={level}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        rows = 3000 + 500 * place
        table = pa.table(
            {
                "area_id": [f"a{(n * 7919) % 5003}" for n in range(rows)],
                "n": [(n * 104_729) % 1009 for n in range(rows)],
            }
        )
        pq.write_table(table, path, row_group_size=1000)
    (folder / "areas").mkdir()
    table = pa.table({"area_id": ["a1", "a2"], "name": ["one", "two"]})
    pq.write_table(table, folder / "areas" / "part-0.parquet")
    return folder


def size(folder, mart, columns, *parts):
    """Compressed bytes of columns in the files whose paths have these parts."""
    total = 0
    for path in (folder / mart).rglob("*.parquet"):
        if all(part in str(path) for part in parts):
            footer = pq.read_metadata(path)
            for number in range(footer.num_row_groups):
                group = footer.row_group(number)
                for chunk in map(group.column, range(group.num_columns)):
                    if chunk.path_in_schema in columns:
                        total += chunk.total_compressed_size
    assert total > 0
    return total


ALL = ("area_id", "n")


@pytest.mark.parametrize(
    ("sql", "columns", "parts", "n_left_out"),
    [
        ("select * from residents", ALL, (), 0),
        ("select n from throng.residents", ("n",), (), 0),
        ("select * from residents where period = 'day'", ALL, ("period=day",), 2),
        ("select n from residents where 'day' = period", ("n",), ("period=day",), 2),
        ("select n from residents where period in ('day', 'x')", ("n",), ("period=day",), 2),
        (
            "select n from residents where period between 'e' and 'w~' and area_level = 'admin2'",
            ("n",),
            ("period=week", "admin2"),
            3,
        ),
        ("select n from residents where not period = 'day'", ("n",), ("period=week",), 2),
        ("select n from residents where period <> 'day'", ("n",), ("period=week",), 2),
        # What depends on more than folders leaves nothing out.
        ("select n from residents where period = 'day' or n > 3", ("n",), (), 0),
        ("select n from residents where period = area_id", ALL, (), 0),
        ("select n from residents where lower(period) = 'day'", ("n",), (), 0),
        (
            "select n from residents where (period = 'day' or period = 'y') and area_id = 'a1'",
            ALL,
            ("period=day",),
            2,
        ),
        # A BI tool puts its filter around the query of a data set.
        (
            "select sum(v.n) from (select * from residents) v where v.period = 'day'",
            ("n",),
            ("period=day",),
            2,
        ),
        (
            "with r as (select * from residents where period = 'day') select n from r",
            ("n",),
            ("period=day",),
            2,
        ),
        # Not the numbers of rows before the filter.
        (
            "select n from (select *, row_number() over (order by n) as k from residents) "
            "where period = 'day' and k = 1",
            ("n",),
            (),
            0,
        ),
        ("select N from RESIDENTS where Period = 'day';", ("n",), ("period=day",), 2),
    ],
)
def test_bytes_are_those_of_the_footers(folder, sql, columns, parts, n_left_out):
    [found] = scan_cost(sql, folder)
    assert (found.table, found.n_files, found.n_left_out) == ("residents", 4, n_left_out)
    assert found.touched_bytes == size(folder, "residents", columns, *parts)
    assert found.all_bytes == size(folder, "residents", ALL, *parts)


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from residents",
        "select distinct period from residents",
        "select n from residents where period = 'year'",
    ],
)
def test_names_of_folders_cost_nothing(folder, sql):
    [found] = scan_cost(sql, folder)
    assert found.touched_bytes == 0


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a.name, r.n from residents r join areas a using (area_id)", {"areas", "all"}),
        (
            "select a.name, r.n from areas a left join residents r "
            "on r.area_id = a.area_id and r.period = 'day'",
            {"areas", "day"},
        ),
        (
            "select a.name, r.n from residents r left join areas a "
            "on r.area_id = a.area_id and r.period = 'day'",
            {"areas", "all"},
        ),
        (
            "select a.name, r.n from areas a join residents r "
            "on r.area_id = a.area_id and r.period = 'day'",
            {"areas", "day"},
        ),
        (
            "select name, area_id from areas where area_id in "
            "(select area_id from residents where n > 3 and period = 'day')",
            {"areas", "day"},
        ),
        (
            "select area_id, name from areas union all "
            "select area_id, cast(n as varchar) from residents where period = 'day'",
            {"areas", "day"},
        ),
    ],
)
def test_each_mart_is_read_where_it_is_named(folder, sql, expected):
    parts = {"all": (), "day": ("period=day",)}
    bytes_of = {name: size(folder, "residents", ALL, *path) for name, path in parts.items()}
    bytes_of["areas"] = size(folder, "areas", ("area_id", "name"))
    found = [reading.touched_bytes for reading in scan_cost(sql, folder)]
    assert sorted(found) == sorted(bytes_of[name] for name in expected)


def test_a_mart_that_is_named_twice_is_read_twice(folder):
    sql = "with r as (select area_id from residents) select 1 from r a join r b using (area_id)"
    found = [reading.touched_bytes for reading in scan_cost(sql, folder)]
    assert found == 2 * [size(folder, "residents", ("area_id",))]


@pytest.mark.parametrize(
    ("touched", "billed"),
    [
        (0, 10_000_000),
        (10_000_000, 10_000_000),
        (10_000_001, 11_000_000),
        (123_456_789, 124_000_000),
    ],
)
def test_whole_megabytes_are_billed_and_ten_at_least(touched, billed):
    assert billed_bytes(touched) == billed


def test_the_report_adds_up_and_names_the_price(folder):
    sql = "select * from residents r join areas a on a.area_id = r.area_id where r.period = 'day'"
    found = scan_cost(sql, folder)
    _, titles, *rows, _, billed, price = report(found, 2.0)
    assert titles.split() == ["mart", "files", "partition", "columns", "columns"]
    residents = size(folder, "residents", ALL, "period=day")
    areas = size(folder, "areas", ("area_id", "name"))
    assert [row.split() for row in rows] == [
        ["residents", "4", "2", f"{residents:,}", f"{residents:,}"],
        ["areas", "1", "0", f"{areas:,}", f"{areas:,}"],
        ["all", "5", "2", f"{residents + areas:,}", f"{residents + areas:,}"],
    ]
    assert len({len(row) for row in [titles, *rows]}) == 1
    assert billed.startswith("billed  10,000,000 bytes")
    assert price == "price   0.000020 at 2 per TB"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select x from residents", "There is no column x in what the query reads"),
        ("select r.x from residents r", "The columns are: residents: area_id, n, period, area_le"),
        ("select area_id from residents, areas", "or more than one"),
        ("select n from visitors", "There is no mart visitors in"),
        ("select n from visitors", "It has: areas, residents."),
        ("select (", "The query is not understood"),
        ("select 'x", "The query is not understood"),
        ("selec n", "Give one query"),
        ("drop table residents", "Give one query"),
        ("select 1; select 2", "Give one query"),
        ("select 1", "The query reads no mart."),
    ],
)
def test_what_cannot_be_said_is_one_sentence(folder, sql, said):
    done = CliRunner().invoke(app, ["scan-cost", sql, "--data", str(folder)])
    assert done.exit_code == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ") and said in line


def test_folders_that_hold_no_marts_are_named(tmp_path):
    with pytest.raises(ScanCostError, match="It has none"):
        scan_cost("select n from residents", tmp_path / "nowhere")
    (tmp_path / "residents").mkdir()
    with pytest.raises(ScanCostError, match="has no file: the mart had no rows"):
        scan_cost("select n from residents", tmp_path)
    (tmp_path / "residents" / "part-0.parquet").write_text("no Parquet")
    with pytest.raises(ScanCostError, match="cannot be read as Parquet"):
        scan_cost("select n from residents", tmp_path)
