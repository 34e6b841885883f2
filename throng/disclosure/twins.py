"""Unknowns that nobody can tell apart: what holds of one holds of all.

From area to area there are thousands of withheld numbers a week, and most pairs of areas look alike
to an outsider: all their days are withheld, under the same published sums. A block is what hangs
together once the widest relations are cut (a pair of areas with all its days, heads and journeys).
Two blocks are twins if exchanging them leaves every constraint as it is. Then every solution has
one in which they have changed places, so their bounds are the same, and one of them is attacked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throng.disclosure.system import FloatArray, IntArray

if TYPE_CHECKING:
    from throng.disclosure.attack import Component

# Rounds in which an unknown looks at its neighbours' neighbours: blocks are small.
_ROUNDS = 4
_Hashes = np.ndarray  # of uint64, which wrap around


def without_twins(component: Component) -> tuple[Component, IntArray]:
    """The component with one block of each kind to attack, and one that stands for all its twins.

    Of a solution and all that come from it by exchanging twins the mean is a solution too, in which
    all blocks of a kind but the attacked one are equal: they are one block, with a weight. The
    mean is no whole number, so this is for components that are judged over fractions.

    Returns:
        The smaller component, whose members are the same; and of each member the one that has its
        bounds, shape (k,). Of the others nothing is asked any more.
    """
    group = component.members.group
    alone = np.arange(len(group))
    problem = component.problem
    widest_first = _widest_first(problem.con, problem.relation)
    first_looks = _first_looks(component)
    unknowns = np.arange(len(problem.lower))
    found = _Twins(unknowns, unknowns, np.zeros(len(problem.con_lower), bool))
    for n_cut in range(1, len(widest_first)):
        cut = np.isin(problem.relation, widest_first[:n_cut])
        twins = _find(component, first_looks, cut)
        if (twins.same_as != unknowns).sum() > (found.same_as != unknowns).sum():
            found = twins
    if (found.same_as == unknowns).all():
        return component, alone
    member_of = np.zeros(len(unknowns), np.int64)
    member_of[group] = alone
    # A merged unknown has several members, and is nobody's twin.
    is_twin = found.same_as[group] != group
    same_as = np.where(is_twin, member_of[found.same_as[group]], alone)
    return _folded(component, found, ~is_twin), same_as


@dataclass(frozen=True)
class _Twins:
    """Twins of n unknowns.

    Attributes:
        same_as: The unknown of the attacked block that each has its bounds from, shape (n,).
        stands_for: The unknown that each is equal to in the mean, shape (n,): of an attacked block
            itself, of its twins that of the first of them.
        is_spare: Constraints that only repeat those of the first twin, shape (m,).
    """

    same_as: IntArray
    stands_for: IntArray
    is_spare: np.ndarray


def _folded(component: Component, twins: _Twins, is_asked: np.ndarray) -> Component:
    """The component with equal unknowns in one."""
    problem = component.problem
    kept, new_var = np.unique(twins.stands_for, return_inverse=True)
    cons = np.flatnonzero(~twins.is_spare)
    new_con = np.cumsum(~twins.is_spare) - 1
    inside = ~twins.is_spare[problem.con]
    # Equal unknowns of one constraint add up to a weight.
    matrix = coo_array(
        (problem.sign[inside], (new_con[problem.con[inside]], new_var[problem.var[inside]])),
        shape=(len(cons), len(kept)),
    ).tocsr()
    matrix.sum_duplicates()
    con, var = matrix.tocoo().coords
    goals = component.goals
    return replace(
        component,
        problem=replace(
            problem,
            con=con.astype(np.int64),
            var=var.astype(np.int64),
            sign=matrix.data,
            lower=problem.lower[kept],
            upper=problem.upper[kept],
            con_lower=problem.con_lower[cons],
            con_upper=problem.con_upper[cons],
            relation=problem.relation[cons],
            moving=problem.moving[kept],
        ),
        members=replace(component.members, group=new_var[component.members.group]),
        goals=replace(goals, audited=goals.audited & is_asked),
    )


def _widest_first(con: IntArray, relation: IntArray) -> IntArray:
    """The relations, in order of their widest constraint, the widest first."""
    size = np.bincount(con, minlength=len(relation))
    relations, of = np.unique(relation, return_inverse=True)
    widths = np.zeros(len(relations), np.int64)
    np.maximum.at(widths, of, size)
    return relations[np.argsort(-widths, kind="stable")]


def _first_looks(component: Component) -> _Hashes:
    """What an unknown is by itself: its bounds, and what is asked of it."""
    problem, goals, group = component.problem, component.goals, component.members.group
    n = len(problem.lower)
    n_members = np.bincount(group, minlength=n)
    looks = _mix(_bits(problem.lower)) + _mix(_bits(problem.upper) + np.uint64(1))
    of_member = (
        _mix(goals.audited.astype(np.uint64) + np.uint64(2) * goals.rest.astype(np.uint64))
        + _mix(_bits(goals.prior_lower) + np.uint64(2))
        + _mix(_bits(goals.prior_upper) + np.uint64(3))
    )
    np.add.at(looks, group, of_member)
    several = n_members != 1
    looks[several] += _mix(np.flatnonzero(several).astype(np.uint64) + np.uint64(1 << 40))
    return _mix(looks)


def _find(component: Component, first_looks: _Hashes, cut: np.ndarray) -> _Twins:
    """The twins among the blocks that are left when these constraints are cut."""
    problem = component.problem
    n, m = len(problem.lower), len(problem.con_lower)
    itself = np.arange(n)
    con, var = problem.con, problem.var
    sign = (problem.sign > 0).astype(np.uint64) + np.uint64(1)
    size = np.bincount(con, minlength=m)
    kept = ~cut[con]
    graph = coo_array((np.ones(kept.sum()), (var[kept], n + con[kept])), shape=(n + m, n + m))
    _, label = connected_components(graph, directed=False)
    block = np.unique(label[:n], return_inverse=True)[1]

    # Of a wide constraint that is cut, twins are both part: it stands for itself. One of two
    # unknowns ties a block to somebody outside, to whom its twin is tied by another such.
    bounds = _mix(_bits(problem.con_lower)) + _mix(_bits(problem.con_upper) + np.uint64(4))
    seen = _mix(var.astype(np.uint64) * np.uint64(2) + sign)
    all_seen = np.zeros(m, np.uint64)
    np.add.at(all_seen, con, seen)
    tie = np.where(
        size[con] > 2,
        _mix(con.astype(np.uint64) + np.uint64(1 << 41)),
        _mix(bounds[con] + (all_seen[con] - seen)),
    )
    looks = first_looks.copy()
    np.add.at(looks, var[~kept], _mix(tie[~kept] + sign[~kept]))
    looks = _mix(looks)
    for _ in range(_ROUNDS):
        around = bounds.copy()
        np.add.at(around, con[kept], _mix(looks[var[kept]] + sign[kept]))
        around = _mix(around)
        heard = looks.copy()
        np.add.at(heard, var[kept], _mix(around[con[kept]] + sign[kept] + np.uint64(5)))
        looks = _mix(heard)

    order = np.lexsort((looks, block))
    alike = (looks[order][1:] == looks[order][:-1]) & (block[order][1:] == block[order][:-1])
    n_blocks = int(block.max()) + 1
    unclear = np.zeros(n_blocks, bool)
    unclear[block[order][1:][alike]] = True
    portrait = np.zeros(n_blocks, np.uint64)
    np.add.at(portrait, block, _mix(looks + np.uint64(6)))
    portrait[unclear] = _mix(np.flatnonzero(unclear).astype(np.uint64) + np.uint64(1 << 42))
    # The first of equal blocks; then unknown by unknown, in the order of their looks.
    _, first, of = np.unique(portrait, return_index=True, return_inverse=True)
    start = np.searchsorted(block[order], np.arange(n_blocks))
    place = np.arange(n) - start[block[order]]
    twin_of = first[of]
    same_as, stands_for = itself.copy(), itself.copy()
    same_as[order] = order[start[twin_of[block[order]]] + place]
    # Of the twins of an attacked block the first stands for the others.
    is_twin = twin_of != np.arange(n_blocks)
    _, first_twin, of_twin = np.unique(twin_of[is_twin], return_index=True, return_inverse=True)
    shown_by = np.arange(n_blocks)
    shown_by[is_twin] = np.flatnonzero(is_twin)[first_twin][of_twin]
    stands_for[order] = order[start[shown_by[block[order]]] + place]
    # What is not shown takes its own constraints along, but for those that all twins share.
    is_hidden = (shown_by != np.arange(n_blocks))[block[var]]
    is_own = kept | (size[con] == 2)
    is_spare = np.bincount(con, is_hidden & is_own, m) > 0
    return _Twins(same_as, stands_for, is_spare)


def _bits(values: FloatArray) -> _Hashes:
    """Numbers as whole numbers, equal for equal numbers."""
    return np.ascontiguousarray(values + 0.0, np.float64).view(np.uint64)


def _mix(numbers: _Hashes) -> _Hashes:
    """Numbers far apart for numbers that are near (splitmix64; Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
