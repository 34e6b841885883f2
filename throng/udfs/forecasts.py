"""Forecasts of series for SQL. The rule is in throng/mobility."""

from __future__ import annotations

import pyarrow as pa

from throng.mobility import forecasts

FORECAST = pa.struct(
    [
        ("method", pa.string()),
        (
            "days",
            pa.list_(
                pa.struct(
                    [
                        ("days_ahead", pa.int32()),
                        ("value", pa.float64()),
                        ("lower", pa.float64()),
                        ("upper", pa.float64()),
                    ]
                )
            ),
        ),
        ("n_errors", pa.int32()),
        ("mean_absolute_error", pa.float64()),
        ("mean_absolute_error_naive", pa.float64()),
    ]
)


def forecast_days(series: pa.Array) -> pa.Array:
    """Forecast the two weeks after each series of days.

    Args:
        series: n lists of numbers, one for each of successive days; null where a day has none.

    Returns:
        n structs method ('seasonal_naive' or 'exponential_smoothing'), days (a list of days_ahead,
        1 to 14, value, lower and upper), n_errors, mean_absolute_error and
        mean_absolute_error_naive. Null where the list is null, is shorter than five weeks, or has
        no number for more than one day in ten.
    """
    return pa.array([_of_list(one) for one in series], FORECAST)


def _of_list(series: pa.ListScalar) -> dict[str, object] | None:
    if not series.is_valid:
        return None
    days = series.values.to_numpy(zero_copy_only=False).astype(float)
    found = forecasts.forecast(days)
    if found is None:
        return None
    ends = zip(found.values.tolist(), found.lower.tolist(), found.upper.tolist(), strict=True)
    return {
        "method": found.method,
        "days": [
            {"days_ahead": number, "value": value, "lower": lower, "upper": upper}
            for number, (value, lower, upper) in enumerate(ends, start=1)
        ],
        "n_errors": found.n_errors,
        "mean_absolute_error": found.mean_absolute_error,
        "mean_absolute_error_naive": found.mean_absolute_error_naive,
    }
