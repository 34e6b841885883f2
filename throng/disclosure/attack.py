"""What an outsider can work out about hidden cells: the tightest bounds on each of them.

1. The problem is made smaller: propagation, reduction, merging (problem.py).
2. It falls apart into components. Those without a cycle are done; some are settled by trying points
   (components.py).
3. Of symmetric blocks of a component one is attacked (symmetry.py).
4. The solver bounds what is left (solver.py, lp.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throng.disclosure.arrays import BoolArray, FloatArray
from throng.disclosure.components import (
    connected_with,
    find_components,
    find_parts,
    settled_by_shifts,
)
from throng.disclosure.goals import goals
from throng.disclosure.problem import Problem, merge, put_aliases, without_repeats
from throng.disclosure.relations import AuditError
from throng.disclosure.solver import Cache, Progress, solve_all
from throng.disclosure.symmetry import fold_symmetric_blocks
from throng.disclosure.system import System


@dataclass
class Attacked:
    """Bounds of all n variables of a system, shapes (n,), and how they were found.

    A protected variable's bounds are witnessed but not the widest possible, unless exact bounds
    were asked for; the bounds of the others are exact.
    """

    lower: FloatArray
    upper: FloatArray
    counts: dict[str, int]


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
        merging: Merge what is interchangeable and attack one of symmetric blocks; without it the
            result is the same, later.
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
    same_as = put_aliases(whole, asked)
    if proven is not None:
        asked.audited = np.bincount(same_as, asked.audited & ~proven, len(proven)) > 0
    start, unknowns, constraints = without_repeats(whole).reduced()
    tell(f"{n_hidden:,} hidden cells, {len(constraints):,} constraints on them")
    if proven is not None:
        start, near = connected_with(start, asked.audited[unknowns])
        unknowns = unknowns[near]
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
    parts = find_parts(core)
    settled = np.zeros(parts.count, bool)
    if not exact:
        settled, of, low, high = settled_by_shifts(core, parts, positions, members, unknowns, asked)
        lower[of], upper[of] = low, high
    components = find_components(core, parts, ~settled, positions, members, unknowns, asked)
    folded = [
        fold_symmetric_blocks(component)
        if component.fractions and merging
        else (component, np.arange(len(component.members.group)))
        for component, _ in components
    ]
    counts["settled"] = int(settled.sum())
    counts["components"] = len(components)
    counts["linear_programs"] = 0
    counts["solver_unknowns"] = sum(len(c.problem.lower) for c, _ in folded)
    solved = solve_all([c for c, _ in folded], exact, workers, tell, cache)
    for (_, of), (_, same), bounds in zip(components, folded, solved, strict=True):
        if bounds is None:
            raise _contradiction(system, int(of[0]))
        least, most, n_programs = bounds
        lower[of], upper[of] = least[same], most[same]
        counts["linear_programs"] += n_programs
    return Attacked(lower[same_as], upper[same_as], counts)


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
