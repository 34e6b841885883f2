"""Clusters of entities with similar figures, for each number of clusters that may be wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MOST = 10
#: One draw of random numbers for every study: the same figures have the same clusters.
SEED = 20_200_203
#: k-means ends where it began nearby; of so many beginnings the best end is kept.
BEGINNINGS = 10
#: Joining the nearest, and silhouettes, compare every point with every other; with more points they
#: are left out.
MOST_COMPARED = 5_000


@dataclass(frozen=True)
class Clustering:
    """Points in k clusters, by two methods.

    Attributes:
        labels: of k-means, n whole numbers from 0 to k - 1.
        wcss: sum of the squared distances of points from the centre of their cluster.
        silhouette: how much nearer points are to their own cluster than to the next, -1 to 1, the
            mean of all (Rousseeuw 1987, Silhouettes: a graphical aid); None for one cluster, and
            where every point is a cluster.
        agglomerative_labels, agglomerative_silhouette: the same of joining the nearest; None with
            more than MOST_COMPARED points.
    """

    labels: Integers
    wcss: float
    silhouette: float | None
    agglomerative_labels: Integers | None
    agglomerative_silhouette: float | None

    @property
    def n_clusters(self) -> int:
        """k."""
        return len(np.unique(self.labels))


def cluster(points: Floats, seed: int = SEED) -> list[Clustering]:
    """Divide points into 1, 2, ... MOST clusters, or as many as there are different points.

    Args:
        points: n x d, n entities with d figures of equal weight, no NaN. The same points in the
            same order give the same clusters.
        seed: of the beginnings of k-means.

    Source: Lloyd (1982), Least squares quantization in PCM, begun as in Arthur and Vassilvitskii
    (2007), k-means++; Ward (1963), Hierarchical grouping to optimize an objective function; all by
    scikit-learn.
    """
    # Imported here: the server imports this module at its start, and few builds need the second
    # that it takes.
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    is_compared = len(points) <= MOST_COMPARED

    def silhouette(labels: Integers) -> float | None:
        if not is_compared or not 1 < len(np.unique(labels)) < len(points):
            return None
        return float(silhouette_score(points, labels))

    found = []
    # Threads add up in the order in which they end; one gives the same digits each time.
    with threadpool_limits(1):
        for k in range(1, min(MOST, len(np.unique(points, axis=0))) + 1):
            kmeans = KMeans(k, n_init=BEGINNINGS, random_state=seed).fit(points)
            joined = None
            if is_compared:
                # It joins two at least.
                joined = (
                    AgglomerativeClustering(k).fit(points).labels_
                    if len(points) > 1
                    else np.zeros(1, dtype=np.int64)
                )
            found.append(
                Clustering(
                    labels=kmeans.labels_.astype(np.int64),
                    wcss=float(kmeans.inertia_),
                    silhouette=silhouette(kmeans.labels_),
                    agglomerative_labels=joined,
                    agglomerative_silhouette=None if joined is None else silhouette(joined),
                )
            )
    return found
