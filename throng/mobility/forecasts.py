"""Forecasts of a series of days, with intervals from their own errors in the past."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from statsmodels.tsa.holtwinters import HoltWintersResults

    Floats = NDArray[np.float64]

WEEK = 7
#: So many days are forecast.
HORIZON = 2 * WEEK
#: Fewer days say too little of what a week is like, and of errors.
FEWEST_DAYS = 5 * WEEK
#: Backtests begin after so many days.
FIRST_ORIGIN = 3 * WEEK
#: More days than that without a number, as a share of all, and the series is left alone.
MOST_MISSING = 0.1
#: The interval is to hold this share of what comes.
COVERAGE = 0.8

SEASONAL_NAIVE = "seasonal_naive"
EXPONENTIAL_SMOOTHING = "exponential_smoothing"


@dataclass(frozen=True)
class Forecast:
    """The next days of a series.

    Attributes:
        method: the one of the two that was nearer in the backtest.
        values, lower, upper: HORIZON numbers each, not below 0; the ends hold COVERAGE of what
            comes, if the series goes on as it was.
        n_errors: how many past days were forecast, from all origins together.
        mean_absolute_error: that of the method in the backtest.
        mean_absolute_error_naive: that of SEASONAL_NAIVE.
    """

    method: str
    values: Floats
    lower: Floats
    upper: Floats
    n_errors: int
    mean_absolute_error: float
    mean_absolute_error_naive: float


def forecast(days: Floats) -> Forecast | None:
    """Forecast the HORIZON days after a series.

    Two methods: the same weekday of the last week (seasonal naive), and exponential smoothing with
    an additive week and no trend (Holt 1957, Winters 1960; statsmodels), whose weights of the
    backtest are those of the first half. Both are tried from every past day on (rolling origin;
    Hyndman and Athanasopoulos, Forecasting: principles and practice, 5.10), and the one with the
    smaller mean absolute error is taken. The interval of a day is that of its week ahead: as many
    of the absolute errors of that week lie in it as it is to hold of what comes (split conformal
    prediction; Lei et al. 2018).

    Args:
        days: n numbers of successive days, NaN where a day has none.

    Returns:
        The forecast; None with fewer than FEWEST_DAYS days or too many without a number.
    """
    if len(days) < FEWEST_DAYS or np.isnan(days).mean() > MOST_MISSING:
        return None
    known = _filled(days)
    if known is None:
        return None
    origins = range(FIRST_ORIGIN, len(known))
    past = {
        SEASONAL_NAIVE: [_repeated(known[:origin]) for origin in origins],
        EXPONENTIAL_SMOOTHING: _smoothed_from(known, origins),
    }
    # What was filled in is no error and no success.
    errors = {name: _errors(days, origins, made) for name, made in past.items()}
    mean = {name: float(np.nanmean(found)) for name, found in errors.items()}
    method = min(mean, key=lambda name: (mean[name], name != SEASONAL_NAIVE))
    values = _repeated(known) if method == SEASONAL_NAIVE else _smoothed(known)
    reach = np.repeat([_reach(errors[method][:, :WEEK]), _reach(errors[method][:, WEEK:])], WEEK)
    return Forecast(
        method=method,
        values=np.maximum(values, 0),
        lower=np.maximum(values - reach, 0),
        upper=np.maximum(values + reach, 0),
        n_errors=int(np.isfinite(errors[method]).sum()),
        mean_absolute_error=mean[method],
        mean_absolute_error_naive=mean[SEASONAL_NAIVE],
    )


def _filled(days: Floats) -> Floats | None:
    """Days without a number have that of the week before, or of the next week that has one."""
    filled = days.copy()
    for day in np.flatnonzero(np.isnan(filled)):
        others = days[day % WEEK :: WEEK]
        known = others[np.isfinite(others)]
        if not len(known):
            return None
        before = filled[day - WEEK] if day >= WEEK else np.nan
        filled[day] = before if np.isfinite(before) else known[0]
    return filled


def _repeated(days: Floats) -> Floats:
    """The last week again and again."""
    return np.resize(days[-WEEK:], HORIZON)


def _errors(days: Floats, origins: range, made: list[Floats]) -> Floats:
    """Absolute errors, origins x HORIZON; NaN where nothing is known to compare with."""
    errors = np.full((len(origins), HORIZON), np.nan)
    for row, (origin, values) in enumerate(zip(origins, made, strict=True)):
        came = days[origin : origin + HORIZON]
        errors[row, : len(came)] = np.abs(came - values[: len(came)])
    return errors


def _reach(errors: Floats) -> float:
    """How far the interval goes to both sides."""
    known = np.sort(errors[np.isfinite(errors)])
    place = int(np.ceil((len(known) + 1) * COVERAGE)) - 1
    return float(known[min(place, len(known) - 1)])


def _smoothed(days: Floats) -> Floats:
    """Exponential smoothing of all days, its weights as they fit best."""
    return np.asarray(_model(days).forecast(HORIZON))


def _smoothed_from(days: Floats, origins: range) -> list[Floats]:
    """What exponential smoothing says after each origin, its weights from the first half alone."""
    first = _model(days[: max(FIRST_ORIGIN, len(days) // 2)]).params
    weights = {name: first[name] for name in ("smoothing_level", "smoothing_seasonal")}
    return [np.asarray(_model(days[:origin], **weights).forecast(HORIZON)) for origin in origins]


def _model(days: Floats, **weights: float) -> HoltWintersResults:
    """The fitted model of statsmodels; with weights given, nothing is searched for."""
    # Imported here: every Python worker imports this module, and few forecast.
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings():
        # Weights that are not the very best are tried in the backtest like any others.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return ExponentialSmoothing(
            days, seasonal="add", seasonal_periods=WEEK, initialization_method="heuristic"
        ).fit(optimized=not weights, **weights)
