"""Unknowns and constraints, made smaller before any solver sees them.

- Propagation: each constraint bounds each of its unknowns by what the others can be, until nothing
  moves.
- Reduction: fixed unknowns leave the system, and so do constraints that can no longer bind.
- Aliases: unknowns that a constraint `x - y = 0` makes equal become one.
- Merging: unknowns that stand in the same constraints are added up into one. The bounds L..U of the
  sum give those of a member: the others are at least and at most the sums of their own bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.goals import Goals

# Values closer to each other than this are equal.
EPSILON = 1e-6
MAX_SWEEPS = 100


@dataclass
class Problem:
    """Unknowns and constraints; n unknowns, m constraints, e entries of the matrix.

    Attributes:
        con, var, sign: One entry each, shape (e,).
        lower, upper: Bounds of the unknowns, shape (n,).
        con_lower, con_upper: Bounds of the constraints, shape (m,).
        relation: Number of the relation that each constraint is of, shape (m,).
        moving: Unknowns whose bounds still moved when propagation gave up, shape (n,).
    """

    con: IntArray
    var: IntArray
    sign: FloatArray
    lower: FloatArray
    upper: FloatArray
    con_lower: FloatArray
    con_upper: FloatArray
    relation: IntArray
    moving: BoolArray

    def activity(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest value of each constraint, shapes (m,)."""
        least, most = self._terms()
        m = len(self.con_lower)
        return np.bincount(self.con, least, m), np.bincount(self.con, most, m)

    def _terms(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest value of each entry, shapes (e,)."""
        plus = self.sign > 0
        lower, upper = self.lower[self.var], self.upper[self.var]
        return np.where(plus, lower, -upper), np.where(plus, upper, -lower)

    def propagate(self) -> int | None:
        """Tighten the bounds of unknowns until nothing moves, MAX_SWEEPS times at most.

        Returns:
            An unknown that no value is left for, or None if each has one.
        """
        n, m = len(self.lower), len(self.con_lower)
        self.moving = np.zeros(n, bool)
        if not len(self.con):
            return None
        order = np.argsort(self.var, kind="stable")
        self.con, self.var, self.sign = self.con[order], self.var[order], self.sign[order]
        starts = np.flatnonzero(np.diff(self.var, prepend=-1))
        unknowns = self.var[starts]
        plus = self.sign > 0
        for _ in range(MAX_SWEEPS):
            least, most = self._terms()
            up = self.con_upper[self.con] - _others(self.con, least, m)
            down = self.con_lower[self.con] - _others(self.con, most, m)
            lower = np.maximum.reduceat(np.where(plus, down, -up), starts)
            upper = np.minimum.reduceat(np.where(plus, up, -down), starts)
            lower = np.maximum(self.lower[unknowns], lower)
            upper = np.minimum(self.upper[unknowns], upper)
            moved = (lower > self.lower[unknowns]) | (upper < self.upper[unknowns])
            self.lower[unknowns], self.upper[unknowns] = lower, upper
            if (lower > upper).any():
                return int(unknowns[lower > upper][0])
            if not moved.any():
                return None
        self.moving[unknowns[moved]] = True
        return None

    def reduced(self) -> tuple[Problem, IntArray, IntArray]:
        """The problem without fixed unknowns and without constraints that cannot bind.

        Returns:
            The problem, and of its unknowns and constraints the positions in this one.
        """
        n, m = len(self.lower), len(self.con_lower)
        least, most = self.activity()
        binding = (least < self.con_lower) | (most > self.con_upper)
        fixed = self.lower == self.upper
        known = np.where(fixed, self.lower, 0.0)[self.var] * self.sign
        constant = np.bincount(self.con, known, m)
        kept = binding[self.con] & ~fixed[self.var]
        unknown = np.zeros(n, bool)
        unknown[self.var[kept]] = True
        variables, constraints = np.flatnonzero(unknown), np.flatnonzero(binding)
        problem = self.part(
            variables, constraints, kept, np.cumsum(unknown) - 1, np.cumsum(binding) - 1
        )
        problem.con_lower -= constant[constraints]
        problem.con_upper -= constant[constraints]
        return problem, variables, constraints

    def part(
        self,
        variables: IntArray,
        constraints: IntArray,
        entries: IntArray | BoolArray,
        new_var: IntArray,
        new_con: IntArray,
    ) -> Problem:
        """The problem of some unknowns and constraints, as copies.

        Args:
            variables, constraints: Their positions in this one, ascending.
            entries: The entries between them: positions, or which, shape (e,).
            new_var, new_con: Their positions in the part, by those in this one; shapes (n,), (m,).
        """
        return Problem(
            con=new_con[self.con[entries]],
            var=new_var[self.var[entries]],
            sign=self.sign[entries],
            lower=self.lower[variables],
            upper=self.upper[variables],
            con_lower=self.con_lower[constraints],
            con_upper=self.con_upper[constraints],
            relation=self.relation[constraints],
            moving=self.moving[variables],
        )


def _others(con: IntArray, terms: FloatArray, m: int) -> FloatArray:
    """For each entry the sum of the other terms of its constraint, shape (e,)."""
    infinite = np.isinf(terms)
    finite = np.where(infinite, 0.0, terms)
    sums = np.bincount(con, finite, m)
    if not infinite.any():
        return sums[con] - finite
    # The terms of one call are unlimited on the same side only.
    limit = terms[infinite][0]
    count = np.bincount(con, infinite, m)
    return np.where(count[con] - infinite > 0, limit, sums[con] - finite)


@dataclass
class Merge:
    """Which unknowns were added up into which; n unknowns before.

    Attributes:
        group: The new unknown of each old one, shape (n,).
        lower, upper: Bounds of the old ones when they were merged, shape (n,).
        others_lower, others_upper: Sums of the bounds of the others in the group, shape (n,).
    """

    group: IntArray
    lower: FloatArray
    upper: FloatArray
    others_lower: FloatArray
    others_upper: FloatArray

    def apart(self, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bounds of the old unknowns, shapes (n,), from those of the new ones."""
        return (
            np.maximum(self.lower, lower[self.group] - self.others_upper),
            np.minimum(self.upper, upper[self.group] - self.others_lower),
        )

    def of(self, members: IntArray, group: IntArray) -> Merge:
        """The part of some old unknowns, with groups numbered anew."""
        return Merge(
            group,
            self.lower[members],
            self.upper[members],
            self.others_lower[members],
            self.others_upper[members],
        )


def merge(problem: Problem, enabled: bool = True) -> tuple[Problem, Merge]:
    """Add up the unknowns that stand in the same constraints with the same signs.

    Args:
        problem: With n unknowns.
        enabled: Otherwise each unknown stays by itself.

    Returns:
        The problem of the sums, and which of the n unknowns are in which sum.
    """
    n = len(problem.lower)
    group = np.arange(n)
    if enabled and n:
        # Two sums of random 64-bit numbers, which wrap around, stand for a column.
        numbers = np.random.default_rng(1).integers(
            0, 2**63, (len(problem.con_lower), 2), dtype=np.uint64
        )
        column = np.zeros((n, 2), np.uint64)
        order = np.argsort(problem.var, kind="stable")
        terms = numbers[problem.con[order]] * problem.sign[order, None].astype(np.int64).astype(
            np.uint64
        )
        starts = np.flatnonzero(np.diff(problem.var[order], prepend=-1))
        column[problem.var[order][starts]] = np.add.reduceat(terms, starts, axis=0)
        ranks = np.lexsort((column[:, 1], column[:, 0]))
        new = np.r_[True, (np.diff(column[ranks].astype(np.uint64), axis=0) != 0).any(axis=1)]
        # Groups are numbered by their first member.
        _, first_seen = np.unique(_scatter(ranks, np.cumsum(new) - 1), return_inverse=True)
        firsts = np.full(new.sum(), n)
        np.minimum.at(firsts, first_seen, np.arange(n))
        group = np.argsort(np.argsort(firsts))[first_seen]
    size = int(group.max()) + 1 if n else 0
    lower = np.bincount(group, problem.lower, size)
    endless = np.isinf(problem.upper)
    finite = np.where(endless, 0.0, problem.upper)
    n_endless = np.bincount(group, endless, size)
    sums = np.bincount(group, finite, size)
    merged = Merge(
        group=group,
        lower=problem.lower,
        upper=problem.upper,
        others_lower=lower[group] - problem.lower,
        others_upper=np.where(n_endless[group] - endless > 0, np.inf, sums[group] - finite),
    )
    first = np.zeros(n, bool)
    first[np.unique(group, return_index=True)[1]] = True
    kept = first[problem.var]
    moving = np.zeros(size, bool)
    moving[group[problem.moving]] = True
    return (
        Problem(
            con=problem.con[kept],
            var=group[problem.var[kept]],
            sign=problem.sign[kept],
            lower=lower,
            upper=np.where(n_endless > 0, np.inf, sums),
            con_lower=problem.con_lower,
            con_upper=problem.con_upper,
            relation=problem.relation,
            moving=moving,
        ),
        merged,
    )


def _scatter(places: IntArray, values: IntArray) -> IntArray:
    """Values put at places."""
    result = np.empty(len(places), np.int64)
    result[places] = values
    return result


def put_aliases(problem: Problem, asked: Goals) -> IntArray:
    """Put one unknown in place of those that a constraint `x - y = 0` makes equal.

    Args:
        problem: Changed in place: its entries name the unknown that stands for the others, which
            gets the tightest of their bounds.
        asked: Only plain hidden cells are put together, not remainders or cells like "<5".

    Returns:
        For each unknown the one that stands for it, shape (n,); itself where nothing does.
    """
    n, m = len(problem.lower), len(problem.con_lower)
    pairs = (
        (np.bincount(problem.con, minlength=m) == 2)
        & (np.bincount(problem.con, problem.sign, m) == 0)
        & (problem.con_lower == 0)
        & (problem.con_upper == 0)
    )
    entries = np.flatnonzero(pairs[problem.con])
    entries = entries[np.argsort(problem.con[entries], kind="stable")]
    first, second = problem.var[entries[::2]], problem.var[entries[1::2]]
    plain = asked.audited & ~asked.rest & np.isnan(asked.prior_lower)
    both = plain[first] & plain[second]
    first, second = first[both], second[both]
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    leader = np.full(count, n)
    np.minimum.at(leader, label, np.arange(n))
    same_as = leader[label]
    np.maximum.at(problem.lower, same_as, problem.lower)
    np.minimum.at(problem.upper, same_as, problem.upper)
    problem.var = same_as[problem.var]
    return same_as


def without_repeats(problem: Problem) -> Problem:
    """The same problem, changed in place: one entry per constraint and unknown.

    Entries of the same unknown are added up; what cancels out is gone.
    """
    size = len(problem.lower)
    place = problem.con * size + problem.var
    places, first, of = np.unique(place, return_index=True, return_inverse=True)
    if len(places) < len(place):
        sign = np.bincount(of, problem.sign)
        kept = sign != 0
        problem.con, problem.var = problem.con[first][kept], problem.var[first][kept]
        problem.sign = sign[kept]
    return problem
