"""From the synthetic country to the marts, held against the country's own truth."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.python.conftest import run_throng
from throng.synth import Settings, generate

DAYS = {"study_start": "2020-02-03", "study_end": "2020-02-16"}


@pytest.fixture(scope="module")
def country(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    settings = Settings(subscribers=1200, start=date(2020, 2, 3), days=14, seed=7)
    generate(settings, folder / "landing", folder / "truth")
    done = server.dbt("build", landing=folder / "landing", **DAYS)
    assert done.returncode == 0, done.stdout
    return folder


def test_every_dirty_row_is_rejected_for_its_reason(server, country):
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    expected = dirty.groupby(["file", "reason"]).size().to_dict()
    actual = server.query(
        "select source_file, reject_reason, count(*) from protected.rejected_events group by all"
    )
    assert {(file, reason): rows for file, reason, rows in actual} == expected
    assert len({reason for _, reason in expected}) == 8


def test_homes_are_found(server, country):
    """Of those who stayed at one home, four in five get that area: phones are silent at night."""
    truth = pd.read_parquet(country / "truth" / "home_areas.parquet")
    truth = truth.groupby("subscriber_id").filter(lambda homes: len(homes) == 1)
    pseudonyms = {
        server.pseudonym(subscriber): area
        for subscriber, area in zip(truth["subscriber_id"], truth["area_id"], strict=True)
    }
    found = server.query(
        "select subscriber_id, home_area_id from protected.int_home_areas "
        "where period = 'study' and area_level = 'admin3'"
    )
    known = [(pseudonyms[who], area) for who, area in found if who in pseudonyms]
    right = sum(true == area for true, area in known)
    assert len(known) > 1000
    assert right / len(known) > 0.8, f"{right} of {len(known)} homes"


def test_the_summary_is_right(server, country):
    done = run_throng("summary", env=server.env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()

    def number(label: str) -> int:
        [line] = [line for line in lines if line.strip().startswith(label)]
        return int(line.strip()[len(label) :].split()[0].replace(",", ""))

    [(rows,)] = server.query("select count(*) from landing.events")
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    assert "Period covered      2020-02-03 to 2020-02-16" in lines
    assert number("Events in") == rows
    assert number("rejected") == len(dirty)
    assert number("accepted") == rows - len(dirty)
    for reason, group in dirty.groupby("reason"):
        assert number(reason) == len(group)
    [(cells, small)] = server.query(
        "select count(*), count_if(n_subscribers < 16) from protected.candidate_count_residents"
    )
    [(publishable,)] = server.query(
        "select count_if(not is_suppressed) from protected.release_count_residents"
    )
    [(seen,)] = server.query("select count_if(not is_suppressed) from marts.count_residents")
    [line] = [line for line in lines if line.startswith("count_residents")]
    assert line.split() == [
        "count_residents",
        f"{cells:,}",
        f"{small / cells:.1%}",
        f"{(cells - small - publishable) / cells:.1%}",
        f"{publishable:,}",
        f"{seen:,}",
    ]
    assert "throng beeline -e" in done.stdout
    assert "hive.connect" in done.stdout
    assert "make docs" in done.stdout
