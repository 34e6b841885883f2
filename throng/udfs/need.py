"""Clusters and principal components of points for SQL. The rules are in throng/need."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from throng.need import clusters, components
from throng.udfs.points import array_of

_LABELS = pa.list_(pa.int32())
CLUSTERINGS = pa.list_(
    pa.struct(
        [
            ("n_clusters", pa.int32()),
            ("wcss", pa.float64()),
            ("silhouette", pa.float64()),
            ("agglomerative_silhouette", pa.float64()),
            ("clusters", _LABELS),
            ("agglomerative_clusters", _LABELS),
        ]
    )
)
_NUMBERS = pa.list_(pa.float64())
COMPONENTS = pa.list_(
    pa.struct(
        [
            ("explained_variance_share", pa.float64()),
            ("loadings", _NUMBERS),
            ("scores", _NUMBERS),
        ]
    )
)


def cluster_points(points: pa.Array) -> pa.Array:
    """Divide each list of points into 1 to 10 clusters.

    Args:
        points: n lists of points, each a list of as many numbers as the others of its list.

    Returns:
        n lists with a struct for each number of clusters: n_clusters, wcss (sum of squared
        distances from the centres), silhouette and agglomerative_silhouette (-1 to 1, null where
        there is none), clusters and agglomerative_clusters (of each point in turn, from 0 on).
        Null where the list is null or empty.

    Raises:
        ValueError: a number is null or not finite, or points have different lengths.
    """
    return pa.array([_clusterings(one) for one in points], CLUSTERINGS)


def _clusterings(points: pa.ListScalar) -> list[dict[str, Any]] | None:
    numbers = array_of(points)
    if numbers is None:
        return None
    return [
        {
            "n_clusters": one.n_clusters,
            "wcss": one.wcss,
            "silhouette": one.silhouette,
            "agglomerative_silhouette": one.agglomerative_silhouette,
            "clusters": one.labels,
            "agglomerative_clusters": one.agglomerative_labels,
        }
        for one in clusters.cluster(numbers)
    ]


def principal_components(points: pa.Array) -> pa.Array:
    """The principal components of each list of points.

    Args:
        points: n lists of points, each a list of as many numbers as the others of its list.

    Returns:
        n lists with a struct for each component, the one with the greatest variance first:
        explained_variance_share (0 to 1), loadings (of each number of a point in turn) and scores
        (of each point in turn). Null where the list is null or empty.

    Raises:
        ValueError: a number is null or not finite, or points have different lengths.
    """
    return pa.array([_components(one) for one in points], COMPONENTS)


def _components(points: pa.ListScalar) -> list[dict[str, Any]] | None:
    numbers = array_of(points)
    if numbers is None:
        return None
    found = components.principal_components(numbers)
    return [
        {"explained_variance_share": share, "loadings": loadings, "scores": scores}
        for share, loadings, scores in zip(
            found.shares, found.loadings, found.scores.T, strict=True
        )
    ]
