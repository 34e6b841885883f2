"""Correlations of series for SQL. The rule is in throng/mobility."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from throng.mobility import correlations

CORRELATIONS = pa.list_(
    pa.struct(
        [
            ("lag_days", pa.int32()),
            ("n_days", pa.int32()),
            ("pearson", pa.float64()),
            ("spearman", pa.float64()),
            ("p_value", pa.float64()),
        ]
    )
)


def correlate_days(first: pa.Array, second: pa.Array) -> pa.Array:
    """Correlate pairs of series at lags of up to 14 days.

    Args:
        first: n lists of numbers, one for each of successive days; null where a day has none.
        second: n lists of the same days.

    Returns:
        n lists of structs lag_days (-14 to 14: the second series so many days later), n_days (that
        both have), pearson, spearman and p_value (of pearson; fewer independent days than days).
        Lags at which fewer than 14 days have both, or a series does not vary, are left out. Null
        where a list is null.

    Raises:
        ValueError: two lists are not of the same length.
    """
    return pa.array([_of_lists(*pair) for pair in zip(first, second, strict=True)], CORRELATIONS)


def _of_lists(first: pa.ListScalar, second: pa.ListScalar) -> list[dict[str, object]] | None:
    if not (first.is_valid and second.is_valid):
        return None
    series = [one.values.to_numpy(zero_copy_only=False).astype(float) for one in (first, second)]
    found = correlations.correlate(*series)
    columns = (found.lag_days, found.n_days, found.pearson, found.spearman, found.p_value)
    names = ("lag_days", "n_days", "pearson", "spearman", "p_value")
    known = np.isfinite(found.p_value)
    rows = zip(*(column[known].tolist() for column in columns), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]
