"""Bounds of the members of components, by linear and integer programs.

Every solution of a component is a witness: an unknown is protected as soon as its smallest and
largest witnessed values are far enough apart. A few solutions that pull many unknowns at once
settle most of them; the others are minimised and maximised one by one, one unknown of each
component of a batch at a time, since components do not touch each other.

An unknown that no witness moved is looked up in the null space of the equalities, in components of
at most NULL_SPACE unknowns; beyond, two linear programs cost less than the decomposition.

Bounds are over whole numbers. A witness counts only if it is integral, which the corners of such
systems nearly always are; where the best corner is not, an integer program decides, or the bound
over fractions if that takes longer than MILP_SECONDS. In components that are judged over fractions
bounds are rounded to the inside: an interval wide over fractions but narrow over whole numbers
could pass there; one that is narrow over fractions is narrow over whole numbers too.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait

import numpy as np
from scipy.sparse import csr_array, hstack

from throng.disclosure.arrays import BoolArray, FloatArray
from throng.disclosure.components import Component
from throng.disclosure.goals import Goals
from throng.disclosure.lp import InfeasibleError, LpSolver, TimeIsUpError
from throng.disclosure.problem import EPSILON, Merge, Problem

# Unknowns that are solved side by side.
BATCH = 1500
NULL_SPACE = 100
# Share of the unknowns pulled together that is to be settled by it.
SETTLED = 0.3
# Fewer unknowns are not worth the start of processes.
PARALLEL_FROM = 4000

# Lower and upper bounds of a component's k members, shapes (k,), and the number of linear programs.
Solved = tuple[FloatArray, FloatArray, int]
Cache = dict[bytes, Solved]
Progress = Callable[[str], None]


def solve_all(
    components: list[Component],
    exact: bool,
    workers: int,
    tell: Progress,
    cache: Cache | None,
) -> list[Solved | None]:
    """Bounds of the members of each component, None for one without a solution.

    Args:
        components: In any order; the results are in the same order.
        exact: Find the widest bounds of protected members too.
        workers: Number of processes, used from PARALLEL_FROM unknowns on.
        tell: Called with a line of text after each batch.
        cache: Results by the content of components; read, and filled with what is found.

    Raises:
        AuditError: If the solver fails.
    """
    digests = [c.digest() for c in components] if cache is not None else []
    solved: dict[int, Solved | None] = {}
    if cache is not None:
        solved = {i: cache[d] for i, d in enumerate(digests) if d in cache}
    batches = list(_batches(components, [i for i in range(len(components)) if i not in solved]))
    total = sum(len(components[i].problem.lower) for batch in batches for i in batch)
    done = 0
    arguments = [([components[i] for i in batch], exact) for batch in batches]
    with _Pool(workers, total) as run:
        for batch, results in zip(batches, run(arguments), strict=True):
            for i, result in zip(batch, results, strict=True):
                solved[i] = result
                done += len(components[i].problem.lower)
            tell(f"solver: {done:,} of {total:,} unknowns")
    if cache is not None:
        for i, result in solved.items():
            if result is not None:
                cache[digests[i]] = (*result[:2], 0)
    return [solved[i] for i in range(len(components))]


def _batches(components: list[Component], numbers: list[int]) -> Iterator[list[int]]:
    """Components in groups of about BATCH unknowns, large ones first."""
    batch: list[int] = []
    size = 0
    for i in sorted(numbers, key=lambda i: (-len(components[i].problem.lower), i)):
        batch.append(i)
        size += len(components[i].problem.lower)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


Run = Callable[[list[tuple[list[Component], bool]]], Iterator["list[Solved | None]"]]


class _Pool:
    """A map over batches, in processes if it is worth it."""

    def __init__(self, workers: int, total: int) -> None:
        self.executor: ProcessPoolExecutor | None = None
        if workers > 1 and total >= PARALLEL_FROM:
            context = multiprocessing.get_context("spawn")
            self.executor = ProcessPoolExecutor(
                workers, mp_context=context, initializer=end_with_parent
            )

    def __enter__(self) -> Run:
        mapping = self.executor.map if self.executor else map
        return lambda arguments: iter(mapping(solve_batch, arguments))

    def __exit__(self, *error: object) -> None:
        if self.executor:
            self.executor.shutdown(cancel_futures=True)


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends.

    A batch may take minutes, and only between two batches does a worker see that it is alone.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    if parent is not None:
        threading.Thread(target=watch, daemon=True).start()


def solve_batch(argument: tuple[list[Component], bool]) -> list[Solved | None]:
    """Bounds of the members of components, None for one without a solution.

    Args:
        argument: The components, and whether exact bounds are asked for: one argument, so that it
            can be mapped over processes.
    """
    components, exact = argument
    try:
        return _Batch(components, exact).solve()
    except InfeasibleError:
        if len(components) == 1:
            return [None]
        return [solve_batch(([component], exact))[0] for component in components]


class _Batch:
    """Components solved side by side: one matrix, block by block; n unknowns, k members."""

    def __init__(self, components: list[Component], exact: bool) -> None:
        self.components = components
        self.exact = exact
        problems = [c.problem for c in components]
        sizes = [len(p.lower) for p in problems]
        cons = [len(p.con_lower) for p in problems]
        first_var = np.cumsum([0, *sizes])
        first_con = np.cumsum([0, *cons])
        self.first_var = first_var
        self.first_con = first_con
        self.block = np.repeat(np.arange(len(components)), sizes)
        self.lower = np.concatenate([p.lower for p in problems])
        self.upper = np.concatenate([p.upper for p in problems])
        self.con_lower = np.concatenate([p.con_lower for p in problems])
        self.con_upper = np.concatenate([p.con_upper for p in problems])
        self.matrix = csr_array(
            (
                np.concatenate([p.sign for p in problems]),
                (
                    np.concatenate([p.con + f for p, f in zip(problems, first_con, strict=False)]),
                    np.concatenate([p.var + f for p, f in zip(problems, first_var, strict=False)]),
                ),
            ),
            shape=(first_con[-1], first_var[-1]),
        ).tocsc()
        self.member_block = np.repeat(
            np.arange(len(components)), [len(c.members.group) for c in components]
        )
        merges = [c.members for c in components]
        self.members = Merge(
            np.concatenate([m.group + f for m, f in zip(merges, first_var, strict=False)]),
            *(
                np.concatenate([getattr(m, name) for m in merges])
                for name in ("lower", "upper", "others_lower", "others_upper")
            ),
        )
        self.goals = Goals(
            *(
                np.concatenate([getattr(c.goals, name) for c in components])
                for name in ("audited", "rest", "prior_lower", "prior_upper")
            ),
            min_width=components[0].goals.min_width,
        )
        self.large = np.array([c.fractions for c in components])
        # Witnessed values; none yet.
        self.least = np.full(len(self.lower), np.inf)
        self.most = np.full(len(self.lower), -np.inf)
        self.n_programs = np.zeros(len(components), int)
        self.random = np.random.default_rng(first_var[-1])
        self.lp = LpSolver(self.matrix, self.con_lower, self.con_upper, self.lower, self.upper)

    def solve(self) -> list[Solved | None]:
        """Bounds of each component's members."""
        self._pull(np.zeros(len(self.lower)))
        self._unlimited()
        self._far_apart()
        if (self._open() & self._unmoved()[self.members.group]).any():
            self._null_space()
        self._one_by_one()
        low, high = self.members.apart(self.least, self.most)
        return [
            (low[mine], high[mine], int(self.n_programs[i]))
            for i in range(len(self.components))
            for mine in [self.member_block == i]
        ]

    # what is known

    def _inner(self) -> tuple[FloatArray, FloatArray]:
        """Bounds of members by witnesses, shapes (k,)."""
        return self.members.apart(self.least, self.most)

    def _open(self) -> BoolArray:
        """Members of which nothing is decided yet, shape (k,)."""
        low, high = self._inner()
        outer_low, outer_high = self.members.apart(self.lower, self.upper)
        known = (low <= outer_low) & (high >= outer_high)
        if self.exact:
            return self.goals.audited & ~known
        return ~(known | self.goals.met(low, high))

    def _unmoved(self) -> BoolArray:
        """Unknowns of one witnessed value only, shape (n,)."""
        return self.least == self.most

    def _witness(self, x: FloatArray, blocks: BoolArray | None = None) -> BoolArray:
        """Take a solution into account; which blocks of it are integral."""
        whole = np.round(x)
        off = np.abs(x - whole) > EPSILON
        fractional = np.bincount(self.block, off, len(self.components)) > 0
        taken = ~fractional | self.large
        if blocks is not None:
            taken &= blocks
        mine = taken[self.block]
        up = np.where(off, np.floor(x), whole)
        down = np.where(off, np.ceil(x), whole)
        self.least[mine] = np.minimum(self.least, down)[mine]
        self.most[mine] = np.maximum(self.most, up)[mine]
        return ~fractional

    # linear programs

    def _pull(self, cost: FloatArray) -> tuple[FloatArray, BoolArray]:
        """A solution of least cost, kept as a witness, and which blocks of it are integral."""
        x = self.lp.minimise(cost)
        self.n_programs[np.unique(self.block[cost != 0])] += 1
        return x, self._witness(x)

    def _unlimited(self) -> None:
        """Find the unknowns without an upper bound, all at once.

        Directions along which solutions stay solutions can be added and stretched, so one linear
        program shows every unknown that any of them raises.
        """
        endless = np.flatnonzero(np.isinf(self.upper))
        if not len(endless):
            return
        n = len(endless)
        part = self.matrix[:, endless]
        directions = LpSolver(
            hstack([part, part], format="csc"),
            np.where(np.isinf(self.con_lower), -np.inf, 0.0),
            np.where(np.isinf(self.con_upper), np.inf, 0.0),
            np.zeros(2 * n),
            np.concatenate([np.ones(n), np.full(n, np.inf)]),
        )
        x = directions.minimise(np.concatenate([-np.ones(n), np.zeros(n)]))
        raised = endless[x[:n] > 0.5]
        self.most[raised] = np.inf

    def _wanted(self) -> tuple[BoolArray, BoolArray]:
        """Unknowns to raise, and unknowns to lower, shapes (n,)."""
        open_members = np.flatnonzero(self._open())
        group = self.members.group[open_members]
        low, high = (bound[open_members] for bound in self._inner())
        outer_low, outer_high = self.members.apart(self.lower, self.upper)
        up, down = np.zeros((2, len(self.lower)), bool)
        up[group[high < outer_high[open_members]]] = True
        down[group[low > outer_low[open_members]]] = True
        return up, down

    def _far_apart(self) -> None:
        """Pull many unknowns at once that lie too far apart to be in each other's way.

        Of neighbours, one drawn at random is pulled. Where too few reach what they need, the next
        are to lie further apart; in the end it is one of each component.
        """
        con, var = self.matrix.tocoo().coords
        radius, n_open = 1, self._open().sum()
        while n_open:
            up, down = self._wanted()
            drawn = np.where(up | down, self.random.uniform(1, 2, len(up)), 0.0)
            nearby = drawn.copy()
            for _ in range(radius):
                in_constraint = np.zeros(len(self.con_lower))
                np.maximum.at(in_constraint, con, nearby[var])
                np.maximum.at(nearby, var, in_constraint[con])
            pulled = (drawn > 0) & (drawn == nearby)
            self._pull(np.where(pulled, np.where(up, -1.0, 1.0), 0.0))
            before, n_open = n_open, self._open().sum()
            if before - n_open < SETTLED * pulled.sum():
                radius += 1
            if pulled.sum() < 2 * len(np.unique(self.block[pulled])):
                return

    def _null_space(self) -> None:
        """Fix the unknowns that the equalities of their component determine."""
        unmoved = self._unmoved()
        for i, component in enumerate(self.components):
            mine = slice(self.first_var[i], self.first_var[i + 1])
            if len(component.problem.lower) > NULL_SPACE or not unmoved[mine].any():
                continue
            fixed = np.flatnonzero(determined(component.problem)) + self.first_var[i]
            fixed = fixed[unmoved[fixed]]
            self.lower[fixed] = self.upper[fixed] = self.least[fixed]

    def _one_by_one(self) -> None:
        """Minimise and maximise what is still open, one unknown of each component at a time."""
        while True:
            open_members = self._open()
            if not open_members.any():
                return
            up, down = self._wanted()
            # Upwards first: most unknowns have been seen at their lower bound.
            wanted = np.where(up, 1, np.where(down, -1, 0))
            targets = np.flatnonzero(wanted)
            targets = targets[np.unique(self.block[targets], return_index=True)[1]]
            cost = np.zeros(len(self.lower))
            cost[targets] = -wanted[targets]
            x, integral = self._pull(cost)
            for j in targets:
                self._settle(int(j), int(wanted[j]), x[j], bool(integral[self.block[j]]))

    def _settle(self, j: int, direction: int, value: float, integral: bool) -> None:
        """Write down the end that the solver found for one unknown."""
        end = np.floor(value + EPSILON) if direction > 0 else np.ceil(value - EPSILON)
        if not integral and not self.large[self.block[j]]:
            end = self._integer_end(j, direction, end)
        if direction > 0:
            self.upper[j] = end
            self.most[j] = max(self.most[j], end)
        else:
            self.lower[j] = end
            self.least[j] = min(self.least[j], end)

    def _integer_end(self, j: int, direction: int, end: float) -> float:
        """The end of one unknown over whole numbers, or the given one if that takes too long."""
        i = self.block[j]
        mine = slice(self.first_var[i], self.first_var[i + 1])
        problem = self.components[i].problem
        cons = slice(self.first_con[i], self.first_con[i + 1])
        cost = np.zeros(len(problem.lower))
        cost[j - mine.start] = -direction
        self.n_programs[i] += 1
        whole = LpSolver(
            self.matrix[cons, mine],
            self.con_lower[cons],
            self.con_upper[cons],
            self.lower[mine],
            self.upper[mine],
            integer=True,
        )
        try:
            solution = whole.minimise(cost)
        except TimeIsUpError:
            return end
        x = np.zeros(len(self.lower))
        x[mine] = np.round(solution)
        only = np.zeros(len(self.components), bool)
        only[i] = True
        self._witness(x, only)
        return float(x[j])


def determined(problem: Problem) -> BoolArray:
    """Unknowns that the equalities alone determine, shape (n,).

    These are the rows of zeros in a basis of the null space.
    """
    n = len(problem.lower)
    equal = problem.con_lower == problem.con_upper
    matrix = np.zeros((len(problem.con_lower), n))
    matrix[problem.con, problem.var] = problem.sign
    if not equal.any():
        return np.zeros(n, bool)
    _, singular, basis = np.linalg.svd(matrix[equal], full_matrices=True)
    rank = int((singular > singular[0] * 1e-9).sum())
    return np.abs(basis[rank:]).max(axis=0, initial=0.0) < 1e-7
