"""How two series of days go together, earlier and later.

Pearson's and Spearman's correlation at lags of up to two weeks. Days of a series are like the days
before, so there are fewer independent ones than days: the p value of Pearson's is that of a t test
with as many as Bartlett (1935) counts for two autoregressive series of order one,
n (1 - r1 r2) / (1 + r1 r2), where r1 and r2 are their correlations with the day before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_LAG_DAYS = 14
#: Fewer days that both series have say nothing.
FEWEST_DAYS = 14


@dataclass(frozen=True)
class Correlations:
    """One entry per lag from -14 to 14 days: the second series so many days later.

    n_days: days that both have. pearson, spearman and p_value are not a number where these are
    fewer than 14, or where a series is the same on all of them.
    """

    lag_days: NDArray[np.int64]
    n_days: NDArray[np.int64]
    pearson: Floats
    spearman: Floats
    p_value: Floats


def correlate(first: Floats, second: Floats) -> Correlations:
    """Correlate two series.

    Args:
        first: numbers of successive days; not a number where a day has none.
        second: those of the same days.

    Raises:
        ValueError: the series are not of the same length.
    """
    if len(first) != len(second):
        raise ValueError("The two series must have the same days.")
    # Not at the top: every Python worker imports this module, and few of them need statistics.
    from scipy import stats

    lags = np.arange(-MAX_LAG_DAYS, MAX_LAG_DAYS + 1)
    later = np.arange(len(first)) + lags[:, None]
    inside = (later >= 0) & (later < len(second))
    x = np.broadcast_to(np.asarray(first, dtype=float), inside.shape).copy()
    y = np.full(inside.shape, np.nan)
    y[inside] = np.asarray(second, dtype=float)[later[inside]]
    both = np.isfinite(x) & np.isfinite(y)
    x[~both], y[~both] = np.nan, np.nan
    n_days = both.sum(axis=1)
    enough = n_days >= FEWEST_DAYS

    pearson = np.full(len(lags), np.nan)
    spearman = np.full(len(lags), np.nan)
    if enough.any():
        x, y = x[enough], y[enough]
        pearson[enough] = _product_moment(x, y)
        ranks = [stats.rankdata(values, axis=1, nan_policy="omit") for values in (x, y)]
        spearman[enough] = _product_moment(*ranks)

    repeated = max(0.0, _with_day_before(first) * _with_day_before(second))
    independent = n_days * (1 - repeated) / (1 + repeated)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(pearson) * np.sqrt((independent - 2) / (1 - pearson**2))
    p_value = 2 * stats.t.sf(t, np.maximum(independent - 2, 1e-9))
    p_value[np.isnan(pearson) | (independent <= 2)] = np.nan
    return Correlations(lags, n_days, pearson, spearman, p_value)


def _product_moment(x: Floats, y: Floats) -> Floats:
    """Pearson's correlation of each row; not a number where one of them does not vary."""
    x = x - np.nanmean(x, axis=1, keepdims=True)
    y = y - np.nanmean(y, axis=1, keepdims=True)
    size = np.sqrt(np.nansum(x**2, axis=1) * np.nansum(y**2, axis=1))
    # What is left of equal numbers by rounding is no variation.
    varies = size > 1e-12
    found = np.full(len(x), np.nan)
    found[varies] = np.nansum(x * y, axis=1)[varies] / size[varies]
    return np.clip(found, -1.0, 1.0)


def _with_day_before(series: Floats) -> float:
    """Correlation of a series with itself on the day before; 0 where it is not known."""
    today, before = series[1:], series[:-1]
    both = np.isfinite(today) & np.isfinite(before)
    if both.sum() < FEWEST_DAYS:
        return 0.0
    found = _product_moment(today[both][None, :], before[both][None, :])[0]
    # One day short of 1, or nothing would be left.
    return 0.0 if np.isnan(found) else float(np.clip(found, -0.99, 0.99))
