"""Symmetry: exchangeable blocks of a component, found by colour refinement.

From area to area there are thousands of withheld numbers a week, and most pairs of areas look alike
to an outsider: all their days are withheld, under the same published sums. A block is what stays
connected when the constraints of the widest relations are cut (a pair of areas with all its days,
heads and journeys). Two blocks are exchangeable if swapping them leaves every constraint as it is.
Then every solution has another one in which they are swapped, so their bounds are the same, and
only one of them is attacked.

Colour refinement gives unknowns the same colour as long as their bounds, their goals and the
colours of their neighbours are the same (Grohe, Kersting, Mladenov and Selman 2014, Dimension
reduction via colour refinement).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.components import Component

# Rounds of refinement: blocks are small, so few suffice.
_ROUNDS = 4
_Hashes = np.ndarray  # of uint64, which wrap around


def fold_symmetric_blocks(component: Component) -> tuple[Component, IntArray]:
    """The component with one block of each class to attack, and one for all blocks equal to it.

    The mean of a solution and of all solutions that swaps make of it is a solution too. In the mean
    all exchangeable blocks but the attacked one are equal, so they become one block, with a weight.
    The mean need not be a whole number, so this is for components that are judged over fractions.

    Returns:
        The smaller component, with the same k members; and for each member the member whose bounds
        it has, shape (k,). Nothing is asked any more of members that have the bounds of another.
    """
    group = component.members.group
    itself = np.arange(len(group))
    problem = component.problem
    widest_first = _widest_first(problem.con, problem.relation)
    initial_colours = _initial_colours(component)
    unknowns = np.arange(len(problem.lower))
    best = _Symmetry(unknowns, unknowns, np.zeros(len(problem.con_lower), bool))
    for n_cut in range(1, len(widest_first)):
        cut = np.isin(problem.relation, widest_first[:n_cut])
        symmetry = _find(component, initial_colours, cut)
        if (symmetry.same_as != unknowns).sum() > (best.same_as != unknowns).sum():
            best = symmetry
    if (best.same_as == unknowns).all():
        return component, itself
    member_of = np.zeros(len(unknowns), np.int64)
    member_of[group] = itself
    # A merged unknown has several members; its colour is its own, so no other is equal to it.
    has_representative = best.same_as[group] != group
    same_as = np.where(has_representative, member_of[best.same_as[group]], itself)
    return _folded(component, best, ~has_representative), same_as


@dataclass(frozen=True)
class _Symmetry:
    """Exchangeable blocks among n unknowns and m constraints.

    Attributes:
        same_as: For each unknown the one of the attacked block whose bounds it has, shape (n,).
        equal_to: For each unknown the one that it equals in the mean, shape (n,): in an attacked
            block itself, in the other blocks of the class the one in the first of them.
        is_redundant: Constraints that repeat those of the first of these other blocks, shape (m,).
    """

    same_as: IntArray
    equal_to: IntArray
    is_redundant: BoolArray


def _folded(component: Component, symmetry: _Symmetry, is_asked: BoolArray) -> Component:
    """The component with equal unknowns in one."""
    problem = component.problem
    kept, new_var = np.unique(symmetry.equal_to, return_inverse=True)
    cons = np.flatnonzero(~symmetry.is_redundant)
    new_con = np.cumsum(~symmetry.is_redundant) - 1
    inside = ~symmetry.is_redundant[problem.con]
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


def _initial_colours(component: Component) -> _Hashes:
    """Colours of unknowns by themselves, shape (n,): their bounds, and the goals of their members.

    An unknown that is the sum of several members has a colour that no other has.
    """
    problem, goals, group = component.problem, component.goals, component.members.group
    n = len(problem.lower)
    n_members = np.bincount(group, minlength=n)
    colours = _mix(_bits(problem.lower)) + _mix(_bits(problem.upper) + np.uint64(1))
    of_member = (
        _mix(goals.audited.astype(np.uint64) + np.uint64(2) * goals.rest.astype(np.uint64))
        + _mix(_bits(goals.prior_lower) + np.uint64(2))
        + _mix(_bits(goals.prior_upper) + np.uint64(3))
    )
    np.add.at(colours, group, of_member)
    several = n_members != 1
    colours[several] += _mix(np.flatnonzero(several).astype(np.uint64) + np.uint64(1 << 40))
    return _mix(colours)


def _find(component: Component, initial_colours: _Hashes, cut: BoolArray) -> _Symmetry:
    """The exchangeable blocks among those that remain when some constraints are cut.

    Args:
        component: With n unknowns and m constraints.
        initial_colours: shape (n,).
        cut: shape (m,).
    """
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

    # Exchangeable blocks are part of the same wide constraints that are cut, so such a constraint
    # counts by its identity. One of two unknowns ties a block to an unknown outside; an equal block
    # has a constraint of its own to the same unknown, so it counts by its bounds and that unknown.
    bounds = _mix(_bits(problem.con_lower)) + _mix(_bits(problem.con_upper) + np.uint64(4))
    seen = _mix(var.astype(np.uint64) * np.uint64(2) + sign)
    all_seen = np.zeros(m, np.uint64)
    np.add.at(all_seen, con, seen)
    tie = np.where(
        size[con] > 2,
        _mix(con.astype(np.uint64) + np.uint64(1 << 41)),
        _mix(bounds[con] + (all_seen[con] - seen)),
    )
    colours = initial_colours.copy()
    np.add.at(colours, var[~kept], _mix(tie[~kept] + sign[~kept]))
    colours = _refined(_mix(colours), con[kept], var[kept], sign[kept], bounds)

    order = np.lexsort((colours, block))
    is_repeated = (colours[order][1:] == colours[order][:-1]) & (
        block[order][1:] == block[order][:-1]
    )
    n_blocks = int(block.max()) + 1
    # With two unknowns of one colour in it, it is unclear which one corresponds to which.
    is_ambiguous = np.zeros(n_blocks, bool)
    is_ambiguous[block[order][1:][is_repeated]] = True
    block_colour = np.zeros(n_blocks, np.uint64)
    np.add.at(block_colour, block, _mix(colours + np.uint64(6)))
    block_colour[is_ambiguous] = _mix(
        np.flatnonzero(is_ambiguous).astype(np.uint64) + np.uint64(1 << 42)
    )
    # The first block of each colour represents the others, unknown by unknown in the order of
    # their colours.
    _, first, of = np.unique(block_colour, return_index=True, return_inverse=True)
    start = np.searchsorted(block[order], np.arange(n_blocks))
    place = np.arange(n) - start[block[order]]
    representative = first[of]
    same_as, equal_to = itself.copy(), itself.copy()
    same_as[order] = order[start[representative[block[order]]] + place]
    # The first of the others stands for all of them.
    is_other = representative != np.arange(n_blocks)
    _, first_other, of_other = np.unique(
        representative[is_other], return_index=True, return_inverse=True
    )
    shown_by = np.arange(n_blocks)
    shown_by[is_other] = np.flatnonzero(is_other)[first_other][of_other]
    equal_to[order] = order[start[shown_by[block[order]]] + place]
    # Blocks that are left out take their own constraints along, but not those that all share.
    is_left_out = (shown_by != np.arange(n_blocks))[block[var]]
    is_own = kept | (size[con] == 2)
    is_redundant = np.bincount(con, is_left_out & is_own, m) > 0
    return _Symmetry(same_as, equal_to, is_redundant)


def _refined(
    colours: _Hashes, con: IntArray, var: IntArray, sign: _Hashes, con_colours: _Hashes
) -> _Hashes:
    """Colours after _ROUNDS of refinement, shape (n,).

    Args:
        colours: of the unknowns, shape (n,).
        con, var, sign: One entry of the matrix each, shape (e,).
        con_colours: of the constraints, shape (m,).
    """
    for _ in range(_ROUNDS):
        around = con_colours.copy()
        np.add.at(around, con, _mix(colours[var] + sign))
        around = _mix(around)
        refined = colours.copy()
        np.add.at(refined, var, _mix(around[con] + sign + np.uint64(5)))
        colours = _mix(refined)
    return colours


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
