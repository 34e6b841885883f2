"""The LP solver: the same linear program from nothing and from the previous solution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csc_array

from throng.disclosure.lp import InfeasibleError, LpSolver

# x + y + z = 10, y - z <= 2.5
MATRIX = csc_array(np.array([[1.0, 1.0, 1.0], [0.0, 1.0, -1.0]]))


def solver(total: float = 10.0, **options) -> LpSolver:
    return LpSolver(
        MATRIX,
        np.array([total, -np.inf]),
        np.array([total, 2.5]),
        np.zeros(3),
        np.array([4.0, 8.0, 8.0]),
        **options,
    )


def test_each_cost_has_its_own_least_solution():
    costs = np.random.default_rng(3).integers(-3, 4, (50, 3)).astype(float)
    again = solver()
    for cost in costs:
        from_nothing = solver().minimise(cost)
        assert again.minimise(cost) @ cost == pytest.approx(from_nothing @ cost)


def test_whole_numbers_are_asked_for():
    largest = np.array([0.0, -1.0, 0.0])
    assert solver().minimise(largest)[1] == pytest.approx(6.25)
    assert solver(integer=True).minimise(largest)[1] == 6


def test_no_solution_is_said():
    with pytest.raises(InfeasibleError):
        solver(total=99.0).minimise(np.zeros(3))
