"""Linear programs (HiGHS) over the same constraints, again and again with other costs.

HiGHS is used without SciPy around it because it can start from the solution before: in a system of
20,000 unknowns a program then takes a twentieth of the time.
"""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import sparray

from throng.disclosure.relations import AuditError
from throng.disclosure.system import FloatArray

MILP_SECONDS = 10.0
_PRIMAL = 4  # HiGHS's simplex_strategy: other costs leave a solution feasible, not optimal


class InfeasibleError(Exception):
    """No values satisfy the constraints."""


class TimeIsUpError(Exception):
    """An integer program was not finished within MILP_SECONDS."""


class Programs:
    """Programs over con_lower <= matrix x <= con_upper, lower <= x <= upper.

    Args:
        matrix: shape (m, n).
        con_lower, con_upper: shape (m,).
        lower, upper: shape (n,).
        integer: x are whole numbers.
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
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = n, len(con_lower)
        program.col_cost_ = np.zeros(n)
        program.col_lower_, program.col_upper_ = lower, upper
        program.row_lower_, program.row_upper_ = con_lower, con_upper
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = columns.indptr
        program.a_matrix_.index_ = columns.indices
        program.a_matrix_.value_ = columns.data
        if integer:
            program.integrality_ = [highspy.HighsVarType.kInteger] * n
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        if integer:
            self._solver.setOptionValue("time_limit", MILP_SECONDS)
        self._solver.passModel(program)
        self._cost = np.zeros(n)

    def minimise(self, cost: FloatArray) -> FloatArray:
        """A solution of least cost, shape (n,).

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
