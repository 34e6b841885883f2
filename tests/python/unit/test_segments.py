"""k-means with as many clusters as the silhouette says: the function, and as SQL calls it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from throng.phone_use import segments
from throng.udfs.segments import find_segments


def clouds(*centres: float, each: int = 40, d: int = 8) -> np.ndarray:
    """Points around places on the diagonal, far from each other."""
    noise = np.random.default_rng(3)
    return np.concatenate([noise.normal(centre, 0.3, (each, d)) for centre in centres])


@pytest.mark.parametrize("n", [3, 5, 8])
def test_as_many_clusters_as_there_are(n):
    found = segments.find_segments(clouds(*(4.0 * number for number in range(n))))
    assert len(found.centres) == n
    assert found.silhouette > 0.8


def test_centres_are_the_means_of_their_points_largest_first():
    points = clouds(0.0, 5.0, 10.0)
    found = segments.find_segments(points)
    means = [points[first : first + 40].mean(axis=0) for first in (80, 40, 0)]
    np.testing.assert_allclose(found.centres, means, rtol=1e-9)


def test_never_fewer_than_three_nor_more_than_eight():
    assert len(segments.find_segments(clouds(0.0, 9.0)).centres) >= 3
    many = clouds(*(9.0 * number for number in range(11)))
    assert len(segments.find_segments(many).centres) == 8


def test_the_same_points_give_the_same_digits():
    points = np.random.default_rng(5).normal(size=(500, 8))
    one, other = segments.find_segments(points), segments.find_segments(points)
    assert one.centres.tobytes() == other.centres.tobytes()
    assert one.silhouette == other.silhouette


def test_more_points_than_the_silhouette_looks_at():
    points = clouds(0.0, 5.0, 10.0, 15.0, each=1000)
    assert len(points) > segments.SILHOUETTE_POINTS
    assert len(segments.find_segments(points).centres) == 4


def test_four_points_that_differ_are_the_fewest():
    points = np.repeat(np.arange(4.0), 5)[:, None]
    assert segments.find_segments(points[:15]) is None
    assert len(segments.find_segments(points).centres) == 3


POINTS = pa.list_(pa.list_(pa.float64()))


def test_arrow_in_arrow_out():
    points = clouds(0.0, 5.0, 10.0)
    lists = pa.array([points.tolist(), None, [], [[1.0, 2.0]] * 9], POINTS)
    found = find_segments(lists)
    assert found.is_null().to_pylist() == [False, True, True, True]
    expected = segments.find_segments(points)
    assert found[0].as_py() == {
        "centres": expected.centres.tolist(),
        "silhouette": expected.silhouette,
    }
    # A part of a larger array.
    assert find_segments(lists[1:]).to_pylist() == [None, None, None]
    assert find_segments(lists[:0]).to_pylist() == []


@pytest.mark.parametrize("bad", [[[1.0], [1.0, 2.0]], [[float("nan")]], [[None]], [None, [1.0]]])
def test_points_must_be_as_many_finite_numbers_each(bad):
    with pytest.raises(ValueError, match="as many finite numbers"):
        find_segments(pa.array([bad], POINTS))
