"""The connected components of a problem: each can be solved by itself.

Where a component has no cycle (unknowns and constraints as nodes), propagation has already found
the exact bounds: a sum of independent ranges of whole numbers is a range. Some components with
cycles are settled by a few points that can be tried for all of them at once; the solver gets the
others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.goals import Goals
from throng.disclosure.problem import EPSILON, Merge, Problem

# Components with more unknowns are judged over fractions.
LARGE = 200


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


@dataclass
class Parts:
    """The connected parts of a problem: which part each unknown, (n,), and constraint, (m,), is."""

    count: int
    var: IntArray
    con: IntArray


def find_parts(core: Problem) -> Parts:
    """The connected parts of a problem, unknowns and constraints as nodes of a graph."""
    n, m = len(core.lower), len(core.con_lower)
    if not n:
        return Parts(0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    graph = coo_array((np.ones(len(core.con)), (core.var, n + core.con)), shape=(n + m, n + m))
    count, label = connected_components(graph, directed=False)
    return Parts(count, label[:n], label[n:])


def connected_with(problem: Problem, wanted: BoolArray) -> tuple[Problem, IntArray]:
    """The parts of a problem that hold a wanted unknown: the others say nothing about these.

    Args:
        problem: The problem, with n unknowns.
        wanted: Unknowns whose bounds are asked for, shape (n,).

    Returns:
        The problem of these parts, and the positions of its unknowns in the one given.
    """
    if not len(problem.lower):
        return problem, np.zeros(0, np.int64)
    parts = find_parts(problem)
    kept = np.bincount(parts.var, wanted, parts.count) > 0
    kept_var, kept_con = kept[parts.var], kept[parts.con]
    variables = np.flatnonzero(kept_var)
    inside = problem.part(
        variables,
        np.flatnonzero(kept_con),
        kept_var[problem.var],
        np.cumsum(kept_var) - 1,
        np.cumsum(kept_con) - 1,
    )
    return inside, variables


def settled_by_shifts(
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

    Args:
        core: The problem, with n unknowns.
        parts: Its connected parts.
        positions: Of each unknown, its number among the groups of `members`, shape (n,).
        members: Which variables were added up into which groups.
        unknowns: The variable that each member is, shape (k,).
        asked: The goals of all variables.

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


def find_components(
    core: Problem,
    parts: Parts,
    open_parts: BoolArray,
    positions: IntArray,
    members: Merge,
    unknowns: IntArray,
    asked: Goals,
) -> list[tuple[Component, IntArray]]:
    """Open parts with a cycle, each with the numbers of its members' variables.

    Args:
        core, parts, positions, members, unknowns, asked: As for `settled_by_shifts`.
        open_parts: The parts that are not settled, shape (count,).
    """
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
        problem = core.part(variables, cons, entries, new_var, new_con)
        of = unknowns[mine]
        part = members.of(mine, new_var[member_group[mine]])
        fractions = len(variables) > LARGE
        found.append((Component(problem, part, asked.of(of), fractions), of))
    return found


def _split(label: IntArray, values: IntArray, count: int) -> list[IntArray]:
    """Values by label."""
    order = np.argsort(label, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(label, minlength=count))[:-1])
