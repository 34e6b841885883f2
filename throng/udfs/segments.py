"""Segments of subscribers for SQL. The rule is in throng/phone_use."""

from __future__ import annotations

import pyarrow as pa

from throng.phone_use import segments
from throng.udfs.points import array_of

SEGMENTS = pa.struct([("centres", pa.list_(pa.list_(pa.float64()))), ("silhouette", pa.float64())])


def find_segments(points: pa.Array) -> pa.Array:
    """Find the clusters of each list of points.

    Args:
        points: n lists of points, each a list of as many numbers as the others of its list.

    Returns:
        n structs centres (list of points, the largest first number first) and silhouette (-1 to
        1). Null where the list is null or has fewer than four different points.

    Raises:
        ValueError: a number is null or not finite, or points have different lengths.
    """
    return pa.array([_of_list(one) for one in points], SEGMENTS)


def _of_list(points: pa.ListScalar) -> dict[str, list[list[float]] | float] | None:
    numbers = array_of(points)
    found = None if numbers is None else segments.find_segments(numbers)
    if found is None:
        return None
    return {"centres": found.centres.tolist(), "silhouette": found.silhouette}
