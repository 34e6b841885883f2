"""What becomes of suspicious subscribers, and of deliveries that are not as they should be."""

from __future__ import annotations

import csv
import gzip
import io
import random
import shutil
from pathlib import Path

import pytest

from tests.python.conftest import Server
from tests.python.support import edge_country
from tests.python.support.edge_country import STUDY
from tests.python.support.marts import EVENT_MARTS
from tests.python.support.tiny_landing import AREAS, CELLS

pytestmark = pytest.mark.long


def people(server: Server) -> tuple[int, int]:
    """Subscribers and events of the one day."""
    [row] = server.query(
        "select n_subscribers, n_events from protected.candidate_count_events "
        "where period = 'day' and area_level = 'district'"
    )
    return row


def test_suspicious_subscribers_count_until_they_are_left_out(server, tmp_path):
    """Twenty people with an event each, and a machine with one every quarter of an hour."""
    lines = ["subscriber_id,event_at,cell_id"]
    lines += [f"p{n},2020-02-03 10:{n:02d}:00,c1" for n in range(20)]
    lines += [f"m,2020-02-03 {n // 4:02d}:{n % 4 * 15:02d}:00,c1" for n in range(96)]
    for name, text in {"cell_sites": CELLS, "areas": AREAS, "events": "\n".join(lines)}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.csv").write_text(text + "\n")
    counted = ["--select", "+candidate_count_events", "+int_profile_events"]
    counted += ["int_suspicious_subscribers", "assert_events_sum_to_located"]
    server.build_untested(tmp_path, *counted)
    assert people(server) == (21, 116)
    # Days that are made one by one are made anew when the list is read.
    server.build_untested(tmp_path, *counted, exclude_suspicious=True)
    [listed] = server.query(
        "select subscriber_id, is_machine, n_events from protected.int_suspicious_subscribers"
    )
    assert listed == (server.pseudonym("m"), True, 96)
    assert people(server) == (20, 20)
    assert server.query("select count(*) from protected.int_profile_events") == [(20,)]
    server.build_untested(tmp_path, *counted)
    assert people(server) == (21, 116)


def test_what_an_earlier_version_published_gets_the_columns_that_are_new(server, tmp_path):
    """Null in its rows, and there for readers before any view asks for it."""
    events = "subscriber_id,event_at,cell_id\n1,2020-02-03 10:00:00,c1\n"
    for name, text in {"cell_sites": CELLS, "areas": AREAS, "events": events}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.csv").write_text(text)
    for schema in ("released", "marts"):
        server.query(f"create schema if not exists {schema}")
    server.query("drop table if exists released.total_subscribers")
    columns = "period string, period_start timestamp, n_subscribers bigint, is_suppressed boolean"
    server.query(
        f"create table released.total_subscribers ({columns}, release_id string) "
        "using parquet partitioned by (release_id)"
    )
    server.query(
        "insert into released.total_subscribers values "
        "('day', timestamp'2020-02-03 00:00:00', 20, false, 'r0000')"
    )
    try:
        done = server.dbt("run", "--select", "stg_landing__areas", landing=tmp_path)
        assert done.returncode == 0, done.stdout
        assert server.query("select * from released.total_subscribers where is_complete is null")
        shown = [row[0] for row in server.query("show columns in marts.total_subscribers")]
        assert shown == [*[name.split()[0] for name in columns.split(", ")], "is_complete"]
    finally:
        server.query("drop view if exists marts.total_subscribers")
        server.query("drop table released.total_subscribers")


def rows_of(path: Path) -> list[list[str]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(text.decode())))


def drafts(server: Server) -> dict[str, list[tuple]]:
    """All that could be published."""
    return {
        mart: sorted(server.query(f"select * from protected.release_{mart}"), key=str)
        for mart in EVENT_MARTS
    }


def test_split_late_repeated_and_reordered_deliveries_give_the_marts_of_one(server, tmp_path):
    """One clean delivery; then its rows in another order, cut into files, some of them twice and
    some in a file that comes when the others have been built."""
    clean, other = tmp_path / "clean", tmp_path / "other"
    edge_country.write_edge_country(clean)
    for name in ("cell_sites", "areas"):
        shutil.copytree(clean / name, other / name)
    csvs = [path for path in (clean / "events").rglob("*.csv*") if len(rows_of(path)) > 1]
    files = {path: rows_of(path) for path in csvs}
    header = max((rows[0] for rows in files.values()), key=len)
    rows = [
        row
        for of_file in files.values()
        if of_file[0] == header
        for row in of_file[1:]
        if len(row) == len(header)
    ]
    assert len(rows) > 1000
    for path in (clean / "events").rglob("*"):
        if path.is_file():
            path.unlink()

    def write(folder: Path, name: str, content: list[list[str]]) -> None:
        file = folder / "events" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", newline="") as opened:
            csv.writer(opened).writerows([header, *content])

    write(clean, "all.csv", rows)
    server.build_untested(clean, "--full-refresh", **STUDY)
    expected = drafts(server)
    assert all(expected.values())

    dice = random.Random(5)
    shuffled = dice.sample(rows, len(rows))
    late, in_time = shuffled[::9], [row for n, row in enumerate(shuffled) if n % 9]
    cuts = [0, len(in_time) // 7, len(in_time) // 2, len(in_time)]
    for number in range(3):
        write(other, f"part {number}/file.csv", in_time[cuts[number] : cuts[number + 1]])
    write(other, "repeated.csv", dice.sample(in_time, len(in_time) // 4))
    server.build_untested(other, "--full-refresh", **STUDY)
    assert drafts(server) != expected
    write(other, "a late one.csv", [*late, *late[:50], *in_time[:50]])
    server.build_untested(other, **STUDY)
    found = drafts(server)
    for mart, content in expected.items():
        assert found[mart] == content, mart
