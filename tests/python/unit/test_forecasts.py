"""Forecasts of a series of days: the two methods, their intervals, and a country that is known."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from throng.mobility.forecasts import (
    EXPONENTIAL_SMOOTHING,
    FEWEST_DAYS,
    FIRST_ORIGIN,
    HORIZON,
    SEASONAL_NAIVE,
    WEEK,
    forecast,
)
from throng.synth.generator import generate
from throng.synth.settings import Settings
from throng.udfs.forecasts import forecast_days

PATTERN = np.array([100.0, 110, 120, 130, 90, 60, 50])


def weeks(n: int, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    days = np.tile(PATTERN, n)
    return days + np.random.default_rng(seed).normal(0, 1, len(days)) * noise


def test_a_week_like_all_others_comes_again():
    found = forecast(weeks(6))
    assert found.method == SEASONAL_NAIVE
    for values in (found.values, found.lower, found.upper):
        assert values == pytest.approx(np.tile(PATTERN, 2))
    assert found.mean_absolute_error == found.mean_absolute_error_naive == 0


def test_noise_is_smoothed_and_the_last_week_is_not_repeated():
    """The error of a repeated week is that of two days, so an average of weeks is nearer."""
    found = forecast(weeks(10, noise=10.0))
    assert found.method == EXPONENTIAL_SMOOTHING
    assert found.mean_absolute_error < 0.95 * found.mean_absolute_error_naive
    assert np.abs(found.values - np.tile(PATTERN, 2)).mean() < 7


def test_the_last_week_is_repeated_where_the_level_jumps():
    days = np.concatenate([weeks(4), 3 * weeks(3)])
    assert forecast(days).method == SEASONAL_NAIVE


def test_errors_are_those_of_every_past_day():
    """Counted again, one origin after the other."""
    days = weeks(6, noise=10.0)
    found = forecast(days)
    naive, n_errors = [], 0
    for origin in range(FIRST_ORIGIN, len(days)):
        for day in range(origin, min(origin + HORIZON, len(days))):
            naive.append(abs(days[day] - days[origin - WEEK + (day - origin) % WEEK]))
            n_errors += 1
    assert found.n_errors == n_errors
    assert found.mean_absolute_error_naive == pytest.approx(np.mean(naive))
    model = ExponentialSmoothing(
        days, seasonal="add", seasonal_periods=WEEK, initialization_method="heuristic"
    )
    assert found.values == pytest.approx(model.fit().forecast(HORIZON))


def test_days_without_a_number_are_no_errors():
    days = weeks(6, noise=3.0)
    days[[20, 30]] = np.nan
    found, whole = forecast(days), forecast(weeks(6, noise=3.0))
    # Day 30 would have been compared from its origins: the ten days before it.
    assert whole.n_errors - found.n_errors == 30 - FIRST_ORIGIN + 1
    assert np.isfinite(found.values).all()


def test_too_little_is_known():
    assert forecast(weeks(5)[: FEWEST_DAYS - 1]) is None
    days = weeks(5)
    days[:4] = np.nan
    assert forecast(days) is None
    days = weeks(10)
    days[::WEEK] = np.nan  # no Monday at all
    assert forecast(days) is None


def test_nobody_is_fewer_than_nobody():
    days = np.maximum(weeks(6, noise=100.0) - 80, 0)
    assert (forecast(days).lower >= 0).all()


def test_lists_of_sql():
    series = [None, list(weeks(6)), [1.0, 2.0], [None, *weeks(6)[1:]]]
    nothing, found, short, gap = forecast_days(pa.array(series, pa.list_(pa.float64()))).to_pylist()
    assert nothing is None
    assert short is None
    assert [day["days_ahead"] for day in found["days"]] == list(range(1, HORIZON + 1))
    assert found["days"][0]["value"] == pytest.approx(PATTERN[0])
    assert gap["method"] == SEASONAL_NAIVE
    assert forecast_days(pa.array([], pa.list_(pa.float64()))).to_pylist() == []


@pytest.fixture(scope="module")
def country(tmp_path_factory) -> pd.DataFrame:
    """People by day and area of a synthetic country that goes on as it did, of two levels."""
    folder = tmp_path_factory.mktemp("country")
    settings = Settings(4000, date(2020, 2, 3), days=70, seed=11, lockdown=None, dirt=False)
    generate(settings, folder / "landing", folder / "truth")
    with duckdb.connect() as con:
        counted = con.execute(
            f"""
            with cells as (
                select cell_id, area_id[4:] as digits
                from read_csv('{folder}/landing/cell_sites/*.csv', all_varchar = true)
            ),
            seen as (
                select distinct subscriber_id, cast(event_at as date) as day, digits
                from read_csv('{folder}/landing/events/*', all_varchar = true)
                join cells using (cell_id)
            )
            select day, digits[:n] as area, count(distinct subscriber_id) as people
            from seen cross join (values (2), (4)) as levels (n)
            group by all
            """
        ).df()
    return counted.pivot(index="day", columns="area", values="people").sort_index()


@pytest.mark.long
def test_intervals_hold_four_of_five_days_of_a_country_and_errors_are_smaller(country):
    """Six weeks say what the next two are like, and a week later again, and so on."""
    held, errors, naive = [], [], []
    n_days = 6 * WEEK
    large = [area for area in country if country[area].min() >= 16]
    assert len(large) > 20
    for area in large:
        days = country[area].to_numpy(dtype=float)
        for first in range(0, len(days) - n_days - HORIZON + 1, WEEK):
            known, came = days[first : first + n_days], days[first + n_days :][:HORIZON]
            found = forecast(known)
            held.append((np.floor(found.lower) <= came) & (came <= np.ceil(found.upper)))
            errors.append(np.abs(found.values - came))
            naive.append(np.abs(np.resize(known[-WEEK:], HORIZON) - came))
    assert 0.75 <= np.mean(held) <= 0.85
    assert np.mean(errors) < 0.95 * np.mean(naive)
