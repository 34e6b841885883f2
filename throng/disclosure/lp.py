"""The LP solver (HiGHS): linear programs with the same constraints and changing costs.

HiGHS is used without SciPy around it because it can start from the previous solution: in a system
of 20,000 unknowns a linear program then takes a twentieth of the time.
"""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import sparray

from throng.disclosure.arrays import FloatArray
from throng.disclosure.relations import AuditError

MILP_SECONDS = 10.0
_PRIMAL = 4  # HiGHS's simplex_strategy: other costs leave a solution feasible, not optimal


class InfeasibleError(Exception):
    """No values satisfy the constraints."""


class TimeIsUpError(Exception):
    """An integer program was not finished within MILP_SECONDS."""


class LpSolver:
    """Minimises costs over con_lower <= matrix x <= con_upper, lower <= x <= upper.

    Args:
        matrix: shape (m, n).
        con_lower, con_upper: shape (m,).
        lower, upper: shape (n,).
        integer: x are whole numbers (an integer program).
    """

    def __init__(
        self,
        matrix: sparray,
        con_lower: FloatArray,
        con_upper: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        *,
        integer: bool = False,
    ) -> None:
        columns = matrix.tocsc()
        n = len(lower)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n, len(con_lower)
        model.col_cost_ = np.zeros(n)
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_, model.row_upper_ = con_lower, con_upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr
        model.a_matrix_.index_ = columns.indices
        model.a_matrix_.value_ = columns.data
        if integer:
            model.integrality_ = [highspy.HighsVarType.kInteger] * n
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        if integer:
            self._solver.setOptionValue("time_limit", MILP_SECONDS)
        self._solver.passModel(model)
        self._cost = np.zeros(n)

    def minimise(self, cost: FloatArray) -> FloatArray:
        """A solution of least cost.

        Args:
            cost: of a unit of each x, shape (n,).

        Returns:
            x, shape (n,).

        Raises:
            InfeasibleError: There is no solution.
            TimeIsUpError: An integer program takes too long.
            AuditError: The solver failed.
        """
        changed = np.flatnonzero(cost != self._cost).astype(np.int32)
        if len(changed):
            self._solver.changeColsCost(len(changed), changed, cost[changed])
            self._cost = cost.copy()
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise InfeasibleError
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise TimeIsUpError
        if status != highspy.HighsModelStatus.kOptimal:
            said = self._solver.modelStatusToString(status)
            raise AuditError(f"The solver failed: {said}")
        self._solver.setOptionValue("simplex_strategy", _PRIMAL)
        return np.array(self._solver.getSolution().col_value)
