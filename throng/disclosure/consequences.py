"""Which relations follow from others.

An equation follows from others if it is a linear combination of them. All equations of a relation
are asked at once: of a random vector, only the part that every given equation maps to 0 is kept. An
equation that follows maps it to 0 too; one that does not, hardly ever (Freivalds' check again).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import block_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

from throng.disclosure.arrays import BoolArray, FloatArray
from throng.disclosure.building import build
from throng.disclosure.relations import Relation
from throng.disclosure.system import TOTAL, System

# Of an equation of length 1: what the vector may be mapped to if it follows.
ZERO = 1e-5
# How exactly the given equations must be 0 for an answer to count.
EXACT = 1e-6
MAX_STEPS = 4000


class Consequences:
    """Relations as the equations between the cells of some tables; n cells and totals."""

    def __init__(
        self,
        tables: Mapping[str, object],
        declared: Sequence[Relation],
        found: Sequence[Relation],
    ) -> None:
        """Build the equations.

        Args:
            tables: With the lookups that relations name.
            declared: Equations that are given.
            found: Relations to be judged, general ones first.

        Raises:
            AuditError: If tables and relations do not fit.
        """
        self.found = found
        if not found:
            return
        system = build(tables, [*declared, *found], skip_missing=True)
        n = len(system.lower)
        self.matrix = csr_array(
            (system.sign, (system.con, system.var)), shape=(len(system.con_lower), n)
        )
        self.relation = np.array([name.partition("@")[0] for name in system.names], object)[
            system.con_relation
        ]
        self.given = self._given(system, {r.relation_id for r in declared})
        self.total = np.zeros(n, bool)
        for block in system.blocks:
            if block.role == TOTAL:
                self.total[block.first : block.first + len(block.rows)] = True
        self.random = np.random.default_rng(n).standard_normal(n)

    def _given(self, system: System, names: set[str]) -> BoolArray:
        """Constraints of the declared relations, shape (m,)."""
        return np.isin(self.relation, list(names))

    def judge(self, tell: Callable[[str], None]) -> dict[str, bool | None]:
        """Relation id to whether it follows from the declared ones.

        None stands for a relation that does not, but that follows from these and the ones before
        it that do not either.
        """
        if not self.found:
            return {}
        given = self.given
        kernel, exact = self._kernel(given)
        follows = {r.relation_id: exact and self._maps_to_zero(r, kernel) for r in self.found}
        answer: dict[str, bool | None] = {}
        left = [r for r in self.found if not follows[r.relation_id]]
        if left:
            self._keep_near(given, left)
            given = self.given
        for name, its in follows.items():
            answer[name] = its or None
        while left:
            first = left.pop(0)
            answer[first.relation_id] = False
            tell(f"search: {first.relation_id} is not declared; {len(left)} left to judge")
            if not left:
                break
            given = given | (self.relation == first.relation_id)
            kernel, exact = self._kernel(given)
            left = [r for r in left if not (exact and self._maps_to_zero(r, kernel))]
        return answer

    def _keep_near(self, given: BoolArray, left: Sequence[Relation]) -> None:
        """Leave out the equations that no chain of others connects to some relations."""
        mine = np.isin(self.relation, [r.relation_id for r in left])
        used = np.flatnonzero(given | mine)
        matrix = self.matrix[used]
        m = len(used)
        graph = block_array([[None, matrix], [matrix.T, None]], format="csr")
        label = connected_components(graph, directed=False)[1]
        near = np.isin(label[:m], np.unique(label[:m][mine[used]]))
        rows, columns = used[near], np.flatnonzero(np.isin(label[m:], label[:m][near]))
        self.matrix = self.matrix[rows][:, columns]
        self.relation, self.given = self.relation[rows], self.given[rows]
        self.total, self.random = self.total[columns], self.random[columns]

    def _kernel(self, given: BoolArray) -> tuple[FloatArray, bool]:
        """A random vector that some equations map to 0, and whether exactly enough."""
        equations = self.matrix[np.flatnonzero(given)]
        if not equations.shape[0]:
            return self.random, True
        lengths = np.sqrt(np.diff(equations.indptr))
        equations = diags_array(1 / np.maximum(lengths, 1)) @ equations
        solution: Any = lsmr(equations.T, self.random, atol=1e-10, btol=1e-10, maxiter=MAX_STEPS)
        kernel = self.random - equations.T @ solution[0]
        return kernel, bool(np.abs(equations @ kernel).max() < EXACT)

    def _maps_to_zero(self, relation: Relation, kernel: FloatArray) -> bool:
        """Whether all equations of a relation map a vector to 0."""
        mine = self.matrix[np.flatnonzero(self.relation == relation.relation_id)]
        if not mine.shape[0]:
            return True
        lengths = np.sqrt(np.diff(mine.indptr))
        parts = mine @ np.where(self.total, 0.0, kernel)
        owner = (mine @ np.where(self.total, np.arange(len(kernel)) + 1.0, 0.0)).round()
        if not owner.any():
            return bool((np.abs(parts) <= ZERO * lengths).all())
        # Equations with the same unpublished total: their parts must be equal.
        _, total = np.unique(owner, return_inverse=True)
        least = np.full(total.max() + 1, np.inf)
        most = np.full(total.max() + 1, -np.inf)
        longest = np.zeros(total.max() + 1)
        np.minimum.at(least, total, parts)
        np.maximum.at(most, total, parts)
        np.maximum.at(longest, total, lengths)
        return bool((most - least <= ZERO * longest).all())
