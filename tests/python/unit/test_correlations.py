"""Correlations of two series, against scipy one lag after the other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from throng.mobility.correlations import FEWEST_DAYS, MAX_LAG_DAYS, correlate
from throng.udfs.correlations import correlate_days


def noise(seed: int, n: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, n)


def pair_at(first: np.ndarray, second: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """The days that both have, the second so many days later."""
    pairs = [
        (first[day], second[day + lag]) for day in range(len(first)) if 0 <= day + lag < len(second)
    ]
    kept = [pair for pair in pairs if np.isfinite(pair).all()]
    return np.array([x for x, _ in kept]), np.array([y for _, y in kept])


def test_every_lag_is_what_scipy_finds():
    first = noise(1)
    second = np.round(np.roll(first, 3) + noise(2), 1)  # with ties
    first[[5, 17]], second[[0, 40]] = np.nan, np.nan
    found = correlate(first, second)
    assert found.lag_days.tolist() == list(range(-MAX_LAG_DAYS, MAX_LAG_DAYS + 1))
    for number, lag in enumerate(found.lag_days.tolist()):
        x, y = pair_at(first, second, lag)
        assert found.n_days[number] == len(x)
        assert found.pearson[number] == pytest.approx(stats.pearsonr(x, y).statistic)
        assert found.spearman[number] == pytest.approx(stats.spearmanr(x, y).statistic)
    best = int(np.nanargmax(found.pearson))
    assert found.lag_days[best] == 3
    assert found.p_value[best] < 0.001


def test_p_values_of_independent_days_are_those_of_the_t_test():
    """Of one series each day is like the day before, of the other unlike: nothing is taken off."""
    first, second = noise(3) + 2.0 * (-1) ** np.arange(60), noise(4) + np.roll(noise(4), 1)
    found = correlate(first, second)
    x, y = pair_at(first, second, 0)
    assert found.p_value[MAX_LAG_DAYS] == pytest.approx(stats.pearsonr(x, y).pvalue)


def test_series_that_drift_are_less_surprising():
    """Two random walks often go together for a while: their days are few that are independent."""
    first, second = np.cumsum(noise(5)), np.cumsum(noise(6))
    found = correlate(first, second)
    x, y = pair_at(first, second, 0)
    assert found.p_value[MAX_LAG_DAYS] > stats.pearsonr(x, y).pvalue


def test_chance_is_found_as_often_as_it_says():
    """Of independent series about one in twenty has a p value below 0.05 at a lag."""
    p_values = [correlate(noise(100 + n), noise(900 + n)).p_value for n in range(200)]
    assert 0.03 < (np.array(p_values) < 0.05).mean() < 0.07


def test_too_few_days_and_numbers_that_do_not_vary():
    short = noise(7, FEWEST_DAYS + 2)
    found = correlate(short, short)
    assert np.isfinite(found.pearson).sum() == 5  # lags of -2 to 2 days
    assert found.pearson[MAX_LAG_DAYS] == pytest.approx(1)
    assert found.p_value[MAX_LAG_DAYS] == pytest.approx(0)
    same = correlate(np.full(40, 3.3), noise(8, 40))
    assert np.isnan(same.pearson).all()
    assert np.isnan(same.p_value).all()
    with pytest.raises(ValueError, match="same days"):
        correlate(short, short[1:])


def test_lists_of_sql():
    days = noise(9, 40).tolist()
    lists = pa.array([days, None, days, days], pa.list_(pa.float64()))
    others = pa.array([days, days, [None] * 40, [1.0] * 40], pa.list_(pa.float64()))
    found, nothing, missing, same = correlate_days(lists, others).to_pylist()
    assert [lag["lag_days"] for lag in found] == list(range(-14, 15))
    assert found[14]["pearson"] == pytest.approx(1)
    assert found[14]["n_days"] == 40
    assert nothing is None
    assert missing == same == []
    assert correlate_days(lists[:0], others[:0]).to_pylist() == []
