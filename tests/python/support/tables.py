"""What stands in a table or a folder, and whether two tables say the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pandas.testing import assert_frame_equal

from tests.python.conftest import Server
from tests.python.support.reference import Expected


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(server: Server, name: str, columns: list[str]) -> pd.DataFrame:
    rows = server.query(f"select {', '.join(columns)} from {name}")
    frame = pd.DataFrame(rows, columns=columns)
    if "period_start" in columns:
        frame["period_start"] = pd.to_datetime(frame["period_start"]).astype("datetime64[us]")
    return frame


def copy_of(server: Server, view: str) -> Path:
    """The folder of a table with the rows of a protected view: files are read sooner."""
    server.query(f"drop table if exists default.copy_of_{view}")
    server.query(
        f"create table default.copy_of_{view} using parquet as select * from protected.{view}"
    )
    return server.warehouse / "tables" / f"copy_of_{view}"


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.astype({name: object for name in frame if frame[name].dtype.kind in "OTU"})
    frame = frame.where(frame.notna(), None)
    order = frame.astype(str).sort_values(list(frame.columns)).index
    return frame.loc[order].reset_index(drop=True)


def assert_candidates(server: Server, expected: Expected, marts: Iterable[str]) -> None:
    """The candidates of these marts are those of the second engine, cell for cell."""
    for mart in marts:
        frame = expected.candidates[mart]
        assert_same(table(server, f"protected.candidate_{mart}", list(frame.columns)), frame)


def assert_rows_read(server: Server, expected: Expected) -> None:
    """Every row of every event file has been read once."""
    rows = server.query(
        "select source_file, count(*) from protected.int_events_checked group by source_file"
    )
    assert_same(pd.DataFrame(rows, columns=["source_file", "n_rows"]), expected.rows_read)


def assert_rejected(server: Server, expected: Expected) -> None:
    """Of every file so many rows have been rejected for each reason."""
    rows = server.query(
        "select source_file, reject_reason, count(*) from protected.rejected_events group by all"
    )
    assert_same(pd.DataFrame(rows, columns=["source_file", "reason", "n_rows"]), expected.rejected)


def assert_same(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    expected = in_order(expected[list(actual.columns)])
    # Two engines add up in different orders.
    assert_frame_equal(in_order(actual), expected, check_dtype=False, rtol=1e-9, atol=1e-9)
