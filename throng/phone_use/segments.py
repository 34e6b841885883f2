"""Clusters of subscribers with similar phone use, by k-means; the silhouette decides how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEWEST, MOST = 3, 8
# One draw of random numbers for every study: the same subscribers have the same segments.
SEED = 20_200_203
# The silhouette compares every point with every other: with more, a part of them.
SILHOUETTE_POINTS = 2_000
# k-means ends where it began nearby; of so many beginnings the best end is kept.
BEGINNINGS = 10


@dataclass(frozen=True)
class Segments:
    """Clusters of points.

    Attributes:
        centres: k x d, in ascending order of cluster number: the largest first coordinate first.
        silhouette: how much nearer points are to their own cluster than to the next, -1 to 1
            (Rousseeuw 1987, Silhouettes: a graphical aid).
    """

    centres: np.ndarray
    silhouette: float


def find_segments(points: np.ndarray) -> Segments | None:
    """Divide points into 3 to 8 clusters, as many as have the best silhouette (of equals, fewer).

    Args:
        points: n x d, n subscribers with d features of equal weight (standardised), no NaN. The
            same points in the same order give the same result.

    Returns:
        The clusters; None where fewer than four points differ, which makes no three clusters.

    Source: Lloyd (1982), Least squares quantization in PCM; begun as in Arthur and Vassilvitskii
    (2007), k-means++; both by scikit-learn.
    """
    # Imported here: the server imports this module at its start, and few builds need the second
    # that it takes.
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    n_different = len(np.unique(points, axis=0))
    best: Segments | None = None
    # Threads add up in the order in which they end; one gives the same digits each time.
    with threadpool_limits(1):
        for k in range(FEWEST, min(MOST, n_different - 1) + 1):
            found = KMeans(k, n_init=BEGINNINGS, random_state=SEED).fit(points)
            silhouette = silhouette_score(
                points,
                found.labels_,
                sample_size=min(SILHOUETTE_POINTS, len(points)),
                random_state=SEED,
            )
            if best is None or silhouette > best.silhouette:
                best = Segments(_in_order(found.cluster_centers_), float(silhouette))
    return best


def _in_order(centres: np.ndarray) -> np.ndarray:
    """Centres by their first coordinate, the largest first; of equals by the next."""
    return centres[np.lexsort(-centres.T[::-1])]
