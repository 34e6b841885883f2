"""The memory of an audit: said before it begins, and never more than that."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from throng.release.memory import BYTES_PER_ROW, check_size, memory_allowed
from throng.release.warehouse import ReleaseError

TAKES_MORE = """
from throng.release.memory import limited
with limited(300 * 1024**2):
    held = [bytearray(50 * 1024**2) for _ in range(40)]
    print("all of it")
    import time; time.sleep(30)
"""


class Counted:
    """A warehouse that knows how many rows the tables of a plan have."""

    def __init__(self, **rows: int) -> None:
        self.rows = rows

    def query(self, sql: str) -> list[tuple]:
        if "release_plan" in sql:
            return [(mart,) for mart in self.rows]
        return [(mart, rows) for mart, rows in self.rows.items()]


def test_what_is_too_large_is_said_with_its_tables():
    allowed = 1000 * BYTES_PER_ROW
    check_size(Counted(count_events=600, count_stops=400), allowed)
    check_size(Counted(), allowed)
    with pytest.raises(ReleaseError) as error:
        check_size(Counted(count_events=600, count_stops=401, day_rhythm=0), allowed)
    assert "The largest tables: count_events (600), count_stops (401)" in str(error.value)
    assert "study_start" in str(error.value)


def test_an_audit_that_takes_more_is_ended_with_a_sentence():
    done = subprocess.run(
        [sys.executable, "-c", TAKES_MORE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The audit took more than 0.3 GB of memory and was ended")
    assert len(done.stderr.splitlines()) == 1


def test_the_machine_decides_where_nothing_is_said():
    assert memory_allowed(2) == 2 * 1024**3
    assert 0 < memory_allowed(None) < psutil.virtual_memory().total
