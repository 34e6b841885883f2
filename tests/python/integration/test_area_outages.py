"""The model area_outages over invented hours, against a second calculation in Python."""

from __future__ import annotations

import random

import pandas as pd

from tests.python.support import quality
from tests.python.support.views import Views

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
    columns = ["area_level", "area_id", "period_start", "n_usual_hours"]
    columns += ["quiet_from", "quiet_until", "n_quiet_hours"]
    views = Views(server, tmp_path, "area_outages")
    shown = views.ask("area_outages", columns, count_subscribers=frame)
    hours: dict[tuple, dict[pd.Timestamp, bool]] = {}
    for level, area, start, is_suppressed in frame.iloc[:, :4].itertuples(index=False):
        hours.setdefault((level, area), {})[start] = not is_suppressed
    expected = quality.quiet_days(hours)
    assert len(expected) >= 8
    assert {
        (level, area, day): (n_usual, pd.Timestamp(since), pd.Timestamp(until), n)
        for level, area, day, n_usual, since, until, n in shown.itertuples(index=False)
    } == expected
    assert len(shown) == len(expected)
