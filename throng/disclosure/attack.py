"""What an outsider can work out about hidden cells: the tightest bounds on each of them.

1. Propagation: each constraint bounds each of its unknowns by what the others can be, until
   nothing moves. What is fixed leaves the system; so do constraints that can no longer bind.
2. Unknowns that stand in the same constraints are added up into one. Of its bounds L..U follow
   those of a member: the others are at least and at most the sums of their own bounds.
3. The rest falls apart into components. Where a component has no cycle (unknowns and constraints
   as nodes), propagation has already found the exact bounds: a sum of independent ranges of whole
   numbers is a range. Components with cycles go to the solver (HiGHS).
4. Every solution of a component is a witness: an unknown is protected as soon as its smallest and
   largest witnessed values are far enough apart. A few solutions that pull many unknowns at once
   settle most of them; the others are minimised and maximised one by one, one unknown of each
   component of a batch at a time, since components do not touch each other.
5. An unknown that no witness moved is looked up in the null space of the equalities, in components
   of at most NULL_SPACE unknowns; beyond, two programs cost less than the decomposition.

Bounds are over whole numbers. A witness counts only if it is integral, which the corners of such
systems nearly always are; where the best corner is not, an integer program decides, or the bound
over fractions if that takes longer than MILP_SECONDS. In components of more than LARGE unknowns
bounds are over fractions, rounded to the inside: an interval wide over fractions but narrow over
whole numbers could pass there; one that is narrow over fractions is narrow over whole numbers too.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from throng.disclosure.programs import InfeasibleError, Programs, TimeIsUpError
from throng.disclosure.relations import AuditError
from throng.disclosure.system import BoolArray, FloatArray, IntArray, System
from throng.disclosure.twins import without_twins

LARGE = 200
BATCH = 1500
NULL_SPACE = 100
# Share of the unknowns pulled together that is to be settled by it.
SETTLED = 0.3
EPSILON = 1e-6
MAX_SWEEPS = 100
# Fewer unknowns are not worth the start of processes.
PARALLEL_FROM = 4000

Progress = Callable[[str], None]


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
        problem = Problem(
            con=(np.cumsum(binding) - 1)[self.con[kept]],
            var=(np.cumsum(unknown) - 1)[self.var[kept]],
            sign=self.sign[kept],
            lower=self.lower[variables],
            upper=self.upper[variables],
            con_lower=(self.con_lower - constant)[constraints],
            con_upper=(self.con_upper - constant)[constraints],
            relation=self.relation[constraints],
            moving=self.moving[variables],
        )
        return problem, variables, constraints


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
    """Add up the unknowns that stand in the same constraints with the same signs."""
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


# --- goals


@dataclass
class Goals:
    """What has to hold of each of n unknowns for it to be protected.

    Attributes:
        audited: Whether anybody asks, shape (n,).
        rest: Unpublished remainders, shape (n,): no small group may be certain.
        prior_lower, prior_upper: For cells like "<5" the range that must stay possible, else
            NaN; shape (n,).
        min_width: What upper - lower has to reach for the other cells.
    """

    audited: BoolArray
    rest: BoolArray
    prior_lower: FloatArray
    prior_upper: FloatArray
    min_width: int

    def met(self, lower: FloatArray, upper: FloatArray) -> BoolArray:
        """Which unknowns are protected if these values and all between are possible."""
        width = upper - lower >= self.min_width
        # That it is 0 is known or not: a verdict of its own, so one witness of 0 is not enough.
        small = ((lower >= 1) & (upper < self.min_width)) | (upper == 0)
        prior = (lower <= self.prior_lower) & (upper >= self.prior_upper)
        with_prior = ~np.isnan(self.prior_lower)
        return ~self.audited | np.where(self.rest, ~small, np.where(with_prior, prior, width))

    def of(self, unknowns: IntArray) -> Goals:
        """The goals of some unknowns."""
        return Goals(
            self.audited[unknowns],
            self.rest[unknowns],
            self.prior_lower[unknowns],
            self.prior_upper[unknowns],
            self.min_width,
        )


def goals(system: System, min_width: int) -> Goals:
    """The goals of all variables of a system."""
    rest = system.roles()
    return Goals(
        audited=system.hidden | rest,
        rest=rest,
        prior_lower=np.where(system.prior, system.lower, np.nan),
        prior_upper=np.where(system.prior, system.upper, np.nan),
        min_width=min_width,
    )


# --- the attack


@dataclass
class Attacked:
    """Bounds of all n variables of a system, shapes (n,), and how they were found.

    A protected variable's bounds are witnessed but not the widest possible, unless exact bounds
    were asked for; the bounds of the others are exact.
    """

    lower: FloatArray
    upper: FloatArray
    counts: dict[str, int]


@dataclass
class Component:
    """A connected part with a cycle: n unknowns (sums of members), k members.

    fractions: Whether it is judged over fractions: with many unknowns, integer programs take
        minutes and decide nothing.
    """

    problem: Problem
    members: Merge
    goals: Goals
    fractions: bool

    def digest(self) -> bytes:
        """A name for the content."""
        found = hashlib.blake2b(digest_size=16)
        for part in (self.problem, self.members, self.goals):
            for value in vars(part).values():
                found.update(np.ascontiguousarray(value).tobytes() + b"|")
        return found.digest()


Solved = tuple[FloatArray, FloatArray, int]
Cache = dict[bytes, Solved]


def attack(
    system: System,
    min_width: int,
    *,
    exact: bool = False,
    merging: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    cache: Cache | None = None,
    proven: BoolArray | None = None,
) -> Attacked:
    """The bounds that an outsider can find.

    Args:
        system: Tables and relations.
        min_width: Width from which an interval protects, at least 1.
        exact: Find the exact bounds of protected cells too.
        merging: Merge what is interchangeable and attack one of twins; without it the result is the
            same, later.
        workers: Number of processes for the solver.
        progress: Called with a line of text now and then.
        cache: Results of components by content, for a series of similar systems.
        proven: Variables known to be protected, shape (n,); nobody looks for their bounds.

    Raises:
        AuditError: If no true values can be behind the released ones.
    """
    tell = progress or (lambda text: None)
    asked = goals(system, min_width)
    whole = Problem(
        con=system.con,
        var=system.var,
        sign=system.sign,
        lower=system.lower.copy(),
        upper=system.upper.copy(),
        con_lower=system.con_lower,
        con_upper=system.con_upper,
        relation=system.con_relation,
        moving=np.zeros(len(system.lower), bool),
    )
    n_hidden = int(asked.audited.sum())
    same_as = _aliases(whole, asked)
    if proven is not None:
        asked.audited = np.bincount(same_as, asked.audited & ~proven, len(proven)) > 0
    start, unknowns, constraints = _without_repeats(whole).reduced()
    tell(f"{n_hidden:,} hidden cells, {len(constraints):,} constraints on them")
    impossible = start.propagate()
    if impossible is not None:
        raise _contradiction(system, int(unknowns[impossible]))
    lower, upper = whole.lower, whole.upper
    lower[unknowns], upper[unknowns] = start.lower, start.upper
    counts = {"hidden": n_hidden, "unknowns": len(unknowns)}

    loose, positions, _ = start.reduced()
    unknowns = unknowns[positions]
    merged, members = merge(loose, merging)
    impossible = merged.propagate()
    if impossible is not None:
        raise _contradiction(system, int(unknowns[np.flatnonzero(members.group == impossible)[0]]))
    lower[unknowns], upper[unknowns] = members.apart(merged.lower, merged.upper)
    counts["merged"] = len(merged.lower)

    core, positions, _ = merged.reduced()
    parts = _parts(core)
    settled = np.zeros(parts.count, bool)
    if not exact:
        settled, of, low, high = _settled_by_shifts(
            core, parts, positions, members, unknowns, asked
        )
        lower[of], upper[of] = low, high
    components = _components(core, parts, ~settled, positions, members, unknowns, asked)
    folded = [
        without_twins(component)
        if component.fractions and merging
        else (component, np.arange(len(component.members.group)))
        for component, _ in components
    ]
    counts["settled"] = int(settled.sum())
    counts["components"] = len(components)
    counts["programs"] = 0
    counts["solver_unknowns"] = sum(len(c.problem.lower) for c, _ in folded)
    solved = _solve_all([c for c, _ in folded], exact, workers, tell, cache)
    for (_, of), (_, same), bounds in zip(components, folded, solved, strict=True):
        if bounds is None:
            raise _contradiction(system, int(of[0]))
        least, most, programs = bounds
        lower[of], upper[of] = least[same], most[same]
        counts["programs"] += programs
    return Attacked(lower[same_as], upper[same_as], counts)


def _aliases(problem: Problem, asked: Goals) -> IntArray:
    """Put one unknown in place of those that a constraint `x - y = 0` makes equal.

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


def _without_repeats(problem: Problem) -> Problem:
    """The problem with one entry per constraint and unknown; what cancels out is gone."""
    size = len(problem.lower)
    place = problem.con * size + problem.var
    places, first, of = np.unique(place, return_index=True, return_inverse=True)
    if len(places) < len(place):
        sign = np.bincount(of, problem.sign)
        kept = sign != 0
        problem.con, problem.var = problem.con[first][kept], problem.var[first][kept]
        problem.sign = sign[kept]
    return problem


def _contradiction(system: System, variable: int) -> AuditError:
    """The error for values that cannot come from any truth."""
    names = sorted(
        {system.names[r] for r in system.con_relation[system.con[system.var == variable]]}
    )
    return AuditError(
        f"Released values contradict each other at {system.place_text(variable)}: no count is left "
        f"for it under {', '.join(names)}; correct these relations, or say how far released "
        "values may be from true ones."
    )


@dataclass
class Parts:
    """The connected parts of a problem: which part each unknown, (n,), and constraint, (m,), is."""

    count: int
    var: IntArray
    con: IntArray


def _parts(core: Problem) -> Parts:
    """The connected parts of a problem."""
    n, m = len(core.lower), len(core.con_lower)
    if not n:
        return Parts(0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    graph = coo_array((np.ones(len(core.con)), (core.var, n + core.con)), shape=(n + m, n + m))
    count, label = connected_components(graph, directed=False)
    return Parts(count, label[:n], label[n:])


def _settled_by_shifts(
    core: Problem,
    parts: Parts,
    positions: IntArray,
    members: Merge,
    unknowns: IntArray,
    asked: Goals,
) -> tuple[BoolArray, IntArray, FloatArray, FloatArray]:
    """Parts whose members are all shown to be protected by moving every unknown alike.

    All at their lower bounds, all higher by 16, by 32, ...: where such points satisfy a part's
    constraints they are witnesses, as a solver's would be, for every part at once. Most parts that
    are bounds only (distinct counts) need no more.

    Returns:
        Which parts, shape (count,); and of their members the variables, lower and upper bounds.
    """
    n, m = len(core.lower), len(core.con_lower)
    least, most = np.full(n, np.inf), np.full(n, -np.inf)
    for shift in (0, *(asked.min_width * 2**power for power in range(10))):
        point = np.minimum(core.lower + shift, core.upper)
        value = np.bincount(core.con, core.sign * point[core.var], m)
        broken = (value < core.con_lower - EPSILON) | (value > core.con_upper + EPSILON)
        holds = np.bincount(parts.con, broken, parts.count) == 0
        here = holds[parts.var]
        least[here] = np.minimum(least, point)[here]
        most[here] = np.maximum(most, point)[here]
    group_of = np.full(len(members.group) and int(members.group.max()) + 1, -1)
    group_of[positions] = np.arange(n)
    inside = np.flatnonzero(group_of[members.group] >= 0)
    group = group_of[members.group[inside]]
    witnessed = most[group] >= least[group]
    part = members.of(inside, group)
    low, high = part.apart(np.where(least < np.inf, least, 0), np.where(most >= 0, most, 0))
    met = witnessed & asked.of(unknowns[inside]).met(low, high)
    settled = np.bincount(parts.var[group], ~met, parts.count) == 0
    mine = settled[parts.var[group]]
    return settled, unknowns[inside[mine]], low[mine], high[mine]


def _components(
    core: Problem,
    parts: Parts,
    open_parts: BoolArray,
    positions: IntArray,
    members: Merge,
    unknowns: IntArray,
    asked: Goals,
) -> list[tuple[Component, IntArray]]:
    """Open parts with a cycle, each with the numbers of its members' variables."""
    n, m, count = len(core.lower), len(core.con_lower), parts.count
    if not n:
        return []
    var_label, con_label = parts.var, parts.con
    label = np.concatenate([var_label, con_label])
    nodes = np.bincount(label, minlength=count)
    edges = np.bincount(con_label[core.con], minlength=count)
    moving = np.bincount(var_label, core.moving, count) > 0
    wanted = ((edges >= nodes) | moving) & open_parts
    group_of = np.full(len(members.group) and int(members.group.max()) + 1, -1)
    group_of[positions] = np.arange(n)
    member_group = group_of[members.group]
    inside = np.flatnonzero(member_group >= 0)
    found = []
    by_var = _split(var_label, np.arange(n), count)
    by_con = _split(con_label, np.arange(m), count)
    by_entry = _split(con_label[core.con], np.arange(len(core.con)), count)
    by_member = _split(var_label[member_group[inside]], inside, count)
    new_var, new_con = np.zeros(n, np.int64), np.zeros(m, np.int64)
    for i in np.flatnonzero(wanted):
        variables, cons, entries, mine = by_var[i], by_con[i], by_entry[i], by_member[i]
        new_var[variables] = np.arange(len(variables))
        new_con[cons] = np.arange(len(cons))
        problem = Problem(
            con=new_con[core.con[entries]],
            var=new_var[core.var[entries]],
            sign=core.sign[entries],
            lower=core.lower[variables],
            upper=core.upper[variables],
            con_lower=core.con_lower[cons],
            con_upper=core.con_upper[cons],
            relation=core.relation[cons],
            moving=core.moving[variables],
        )
        of = unknowns[mine]
        part = members.of(mine, new_var[member_group[mine]])
        fractions = len(variables) > LARGE
        found.append((Component(problem, part, asked.of(of), fractions), of))
    return found


def _split(label: IntArray, values: IntArray, count: int) -> list[IntArray]:
    """Values by label."""
    order = np.argsort(label, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(label, minlength=count))[:-1])


def _solve_all(
    components: list[Component],
    exact: bool,
    workers: int,
    tell: Progress,
    cache: Cache | None,
) -> list[Solved | None]:
    """Bounds of the members of each component, None for one without a solution."""
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
            self.executor = ProcessPoolExecutor(workers, mp_context=context)

    def __enter__(self) -> Run:
        mapping = self.executor.map if self.executor else map
        return lambda arguments: iter(mapping(solve_batch, arguments))

    def __exit__(self, *error: object) -> None:
        if self.executor:
            self.executor.shutdown(cancel_futures=True)


# --- the solver


def solve_batch(argument: tuple[list[Component], bool]) -> list[Solved | None]:
    """Bounds of the members of components, None for one without a solution."""
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
        self.programs = np.zeros(len(components), int)
        self.random = np.random.default_rng(first_var[-1])
        self.all = Programs(self.matrix, self.con_lower, self.con_upper, self.lower, self.upper)

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
            (low[mine], high[mine], int(self.programs[i]))
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

    # programs

    def _pull(self, cost: FloatArray) -> tuple[FloatArray, BoolArray]:
        """A solution of least cost, kept as a witness, and which blocks of it are integral."""
        x = self.all.minimise(cost)
        self.programs[np.unique(self.block[cost != 0])] += 1
        return x, self._witness(x)

    def _unlimited(self) -> None:
        """Find the unknowns without an upper bound, all at once.

        Directions along which solutions stay solutions can be added and stretched, so one program
        shows every unknown that any of them raises.
        """
        endless = np.flatnonzero(np.isinf(self.upper))
        if not len(endless):
            return
        n = len(endless)
        part = self.matrix[:, endless]
        directions = Programs(
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
        self.programs[i] += 1
        whole = Programs(
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
