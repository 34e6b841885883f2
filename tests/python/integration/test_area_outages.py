"""The model area_outages over invented hours, against a second calculation in Python."""

from __future__ import annotations

import random

import pandas as pd

from tests.python.support import quality

N_DAYS = 30


def invented_hours() -> pd.DataFrame:
    """Whether the number of an hour is published, of eight areas; areas of a level fail at random.

    b is closed on Sundays, c has few people and d nobody at night; all miss a morning.
    """
    draws = random.Random(15)
    start = pd.Timestamp("2020-02-03")
    rows = []
    for level in ("province", "district"):
        for area in "abcd":
            down = [draws.randrange(24 * N_DAYS) for _ in range(5)]
            for number in range(24 * N_DAYS):
                day, hour = divmod(number, 24)
                chance = 0.8 if area == "c" else 0.99
                closed = (area == "b" and day % 7 == 6) or (area == "d" and not 7 <= hour < 22)
                missing = day == 17 and 8 <= hour < 12
                is_down = any(since <= number < since + 5 for since in down)
                published = draws.random() < chance and not (closed or missing or is_down)
                rows.append((level, area, start + pd.Timedelta(hours=number), not published))
    return pd.DataFrame(rows, columns=["area_level", "area_id", "period_start", "is_suppressed"])


def test_area_outages_are_what_a_second_calculation_finds(server, tmp_path):
    frame = invented_hours().assign(period="hour")
    frame.to_parquet(tmp_path / "hours.parquet", coerce_timestamps="us")
    done = server.dbt("--quiet", "compile", "--select", "area_outages", landing=tmp_path)
    assert done.returncode == 0, done.stdout
    [model] = (server.folder / "target" / "compiled").rglob("area_outages.sql")
    sql = model.read_text()
    assert sql.count("marts.count_subscribers") == 1
    shown = server.query(
        sql.replace("marts.count_subscribers", f"parquet.`{tmp_path}/hours.parquet`")
    )
    hours: dict[tuple, dict[pd.Timestamp, bool]] = {}
    for level, area, start, is_suppressed in frame.iloc[:, :4].itertuples(index=False):
        hours.setdefault((level, area), {})[start] = not is_suppressed
    expected = quality.quiet_days(hours)
    assert len(expected) >= 8
    assert {
        (level, area, pd.Timestamp(day)): (n_usual, pd.Timestamp(since), pd.Timestamp(until), n)
        for _, level, area, n_usual, day, n, since, until in shown
    } == expected
    assert len(shown) == len(expected)
