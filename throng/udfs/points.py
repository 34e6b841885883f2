"""Points as SQL has them, lists of lists of numbers, as arrays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def array_of(points: pa.ListScalar) -> np.ndarray | None:
    """The points of one list, n x d; None where the list is null or empty.

    Raises:
        ValueError: a number is null or not finite, or points have different lengths.
    """
    if not points.is_valid or not len(points.values):
        return None
    sizes = pc.list_value_length(points.values).to_numpy(zero_copy_only=False)
    numbers = points.values.flatten().to_numpy(zero_copy_only=False).astype(float)
    if len(set(sizes)) != 1 or not np.isfinite(numbers).all():
        raise ValueError("Points must be lists of as many finite numbers each.")
    return numbers.reshape(len(sizes), -1)
