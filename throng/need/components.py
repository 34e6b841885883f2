"""Principal components: in which directions entities differ most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """The principal components of points, the one with the greatest variance first.

    Attributes:
        shares: m numbers, which part of the variance each explains; 0 where all are the same.
        loadings: m x d, the part of each figure in each component; the largest of a component, by
            its absolute value, is above 0.
        scores: n x m, where each point is on each component; the mean is 0.
    """

    shares: Floats
    loadings: Floats
    scores: Floats


def principal_components(points: Floats) -> Components:
    """The principal components of n points with d figures, as many as the smaller of n and d.

    Points that are all the same have one, without a meaning.

    Args:
        points: n x d, n above 0, no NaN.

    Source: Pearson (1901), On lines and planes of closest fit; by scikit-learn.
    """
    # Imported here: see throng/need/clusters.py.
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    n, d = points.shape
    if (points == points[0]).all():
        return Components(np.zeros(1), np.eye(1, d), np.zeros((n, 1)))
    with threadpool_limits(1):
        found = PCA(svd_solver="full").fit(points)
        return Components(
            found.explained_variance_ratio_, found.components_, found.transform(points)
        )
