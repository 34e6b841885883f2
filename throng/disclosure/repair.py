"""Which further cells to hide so that the audit passes.

For each failing cell the constraint that binds it most gives the next cell to hide: the smallest
released one that by itself makes the interval wide enough, else the one that widens it most. What
follows from others that are released would be known again: it is hidden only where nothing else is
left. The whole row is hidden, and with it the row that one relation alone makes equal to it. Then
the attack runs again.
Only released values are read, so the choice itself reveals nothing that was not released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.audit import FAILED, MIN_WIDTH, Audit, reattack
from throng.disclosure.building import build
from throng.disclosure.goals import goals
from throng.disclosure.relations import Relation
from throng.disclosure.solver import Cache, Progress
from throng.disclosure.system import CELL, System

MAX_ROUNDS = 20

Order = Callable[[str, int], float]


@dataclass
class Repair:
    """What to hide, and what the audit says then.

    Attributes:
        cells: One row per row of a table to hide, in the order of discovery: table, row
            (zero-based), keys, round (from 1).
        before: The audit of the tables as they were.
        audit: The audit with these cells hidden; it may still fail after the last round.
        rounds: Rounds of hiding that were run.
    """

    cells: pd.DataFrame
    before: Audit
    audit: Audit
    rounds: int


def repair(
    tables: Mapping[str, object],
    relations: Sequence[Relation],
    min_width: int = MIN_WIDTH,
    max_rounds: int = MAX_ROUNDS,
    *,
    tolerance: Mapping[str, float] | None = None,
    lowest_below: int = 1,
    skip_missing: bool = False,
    order: Order | None = None,
    last_resort: Container[str] = (),
    workers: int = 1,
    progress: Progress | None = None,
    cache: Cache | None = None,
    before: Audit | None = None,
) -> Repair:
    """Find cells to hide until the audit passes.

    Args:
        tables, relations, min_width, tolerance, lowest_below, skip_missing, workers, progress: As
            for `audit`.
        max_rounds: Give up after so many rounds.
        cache: Kept between calls on tables that are nearly the same, it saves most of the work.
        before: An audit of the same tables with fewer cells hidden: what it found protected is
            not attacked again. Of other tables it says nothing, and is not used.
        order: Among equal values the one of least order(table, row) is hidden; give a keyed hash
            of the row so that nobody can foresee it. Without it, a hash of the keys.
        last_resort: Names of tables of which nothing is hidden as long as anything else helps.

    Raises:
        AuditError: As `audit`.
    """
    system = build(tables, relations, tolerance, lowest_below, skip_missing)
    tell = progress or (lambda text: None)
    cache = {} if cache is None else cache
    hider = _Hider(system, order or _key_hash(system), last_resort)
    found: list[pd.DataFrame] = []
    known = before if before and system.only_hides_more_than(before.system) else None
    before = audited = reattack(system, min_width, workers, cache, progress, before=known)
    rounds = 0
    while not audited.passed and rounds < max_rounds:
        hidden = hider.hide_round(audited, min_width)
        if not hidden:
            break
        rounds += 1
        places = system.places(np.array(hidden))[["table", "row"]].drop_duplicates()
        found.append(places.assign(keys=system.key_texts(places), round=rounds))
        audited = reattack(system, min_width, workers, cache, before=audited)
        failing = int(audited.cells["verdict"].isin(FAILED).sum())
        tell(f"repair round {rounds}: {len(places):,} rows hidden, {failing:,} cells still fail")
    columns = ["table", "row", "keys", "round"]
    cells = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return Repair(cells, before, audited, rounds)


def _key_hash(system: System) -> Order:
    """The order of rows by a hash of table and keys."""

    def order(table: str, row: int) -> float:
        place = pd.DataFrame({"table": [table], "row": [row]})
        text = f"{table}; {system.key_texts(place)[0]}; {row}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest())

    return order


class _Hider:
    """Hides cells of a system in place."""

    def __init__(self, system: System, order: Order, last_resort: Container[str]) -> None:
        self.system = system
        self.order = order
        by_con = np.argsort(system.con, kind="stable")
        self.con, self.con_var = system.con[by_con], system.var[by_con]
        self.con_sign = system.sign[by_con]
        m, n = len(system.con_lower), len(system.lower)
        self.con_start = np.searchsorted(self.con, np.arange(m + 1))
        by_var = np.argsort(system.var, kind="stable")
        self.var_con = system.con[by_var]
        self.var_start = np.searchsorted(system.var[by_var], np.arange(n + 1))
        # All cells, and those that are not the last resort.
        self.cell, self.first_resort = np.zeros(n, bool), np.zeros(n, bool)
        self.siblings: dict[str, list[int]] = {}
        for block in system.blocks:
            if block.role == CELL:
                mine = slice(block.first, block.first + len(block.rows))
                self.cell[mine] = True
                self.first_resort[mine] = block.table.partition("@")[0] not in last_resort
                self.siblings.setdefault(block.table, []).append(block.first)
        # Of a constraint of two cells that are equal: hidden, both are.
        is_cell = np.bincount(self.con, self.cell[self.con_var], m)
        size, is_equality = np.diff(self.con_start), system.con_lower == system.con_upper
        self.equality = (size == 2) & (is_cell == 2) & is_equality
        self.room, self.freedom = np.zeros(0), np.zeros(0)

    def variables(self, constraint: int) -> IntArray:
        """Variables of a constraint."""
        return self.con_var[self.con_start[constraint] : self.con_start[constraint + 1]]

    def constraints(self, variable: int) -> list[int]:
        """Constraints of a variable."""
        return self.var_con[self.var_start[variable] : self.var_start[variable + 1]].tolist()

    def hide_round(self, audited: Audit, min_width: int) -> list[int]:
        """Hide about one cell for each failing one.

        Returns:
            The variables hidden, all measures of their rows among them.
        """
        system = self.system
        lower, upper = system.lower.copy(), system.upper.copy()
        lower[audited.cells.index] = audited.cells["lower"]
        upper[audited.cells.index] = audited.cells["upper"]
        failing = audited.cells.index[audited.cells["verdict"].isin(FAILED)].to_numpy()
        asked = goals(system, min_width).of(failing)
        width = upper[failing] - lower[failing]
        prior = asked.prior_upper - asked.prior_lower
        gaps = np.maximum(np.where(np.isnan(prior), min_width, prior) - width, 1.0)
        self.room = self._rooms(lower, upper)
        # What is hidden for the failing cells frees all of them, and what follows from them.
        lower[failing], upper[failing] = 0.0, np.inf
        lower[~self.cell], upper[~self.cell] = system.lower[~self.cell], system.upper[~self.cell]
        counted = ~self.equality[self.con]
        freedom = np.full(len(lower), np.inf)
        room = self._rooms(lower, upper)
        np.minimum.at(freedom, self.con_var[counted], room[counted])
        # Where everything follows from others, hide something all the same: then that fails, and
        # the next round hides more.
        for self.freedom in (freedom, np.full_like(freedom, np.inf)):
            for cells in (self.first_resort, self.cell):
                if hidden := self._hide_among(cells, failing, gaps):
                    return hidden
        return []

    def _hide_among(self, cells: BoolArray, failing: IntArray, gaps: FloatArray) -> list[int]:
        """Hide one of these cells for each failing one; the variables hidden."""
        touched: set[int] = set()
        hidden: list[int] = []
        for variable, gap in zip(failing.tolist(), gaps.tolist(), strict=True):
            mine = self.constraints(variable)
            if touched.intersection(mine):
                continue
            choice = self._choice(cells, variable, mine, gap)
            if choice is None:
                continue
            new = self._hide(choice)
            hidden.extend(new)
            touched.update(c for v in new for c in self.constraints(v))
        if not hidden:  # all around them is hidden already: what bounds their neighbours?
            for variable, gap in zip(failing.tolist(), gaps.tolist(), strict=True):
                around = self._around(self.constraints(variable))
                if touched.intersection(around):
                    continue
                choice = self._choice(cells, variable, around, gap)
                touched.update(around)
                if choice is not None:
                    hidden.extend(self._hide(choice))
        return hidden

    def _around(self, constraints: list[int]) -> list[int]:
        """The constraints of all hidden cells in some constraints."""
        variables = np.unique(np.concatenate([self.variables(c) for c in constraints]))
        hidden = variables[self.system.hidden[variables]].tolist()
        return sorted({c for v in hidden for c in self.constraints(v)})

    def _choice(
        self, cells: BoolArray, variable: int, constraints: list[int], gap: float
    ) -> int | None:
        """The released one of these cells to hide for a failing one, None if there is none."""
        options = []
        for constraint in constraints:
            variables = self.variables(constraint)
            released = variables[cells[variables] & ~self.system.hidden[variables]]
            if not len(released):
                continue
            value = (self.system.lower[released] + self.system.upper[released]) / 2
            # Hidden, it frees the others by no more than what is then possible of itself.
            gain = np.minimum(value, self.freedom[released])
            enough = gain >= gap
            if enough.any():
                best = enough & (value == value[enough].min())
            else:
                best = (gain == gain.max()) & (gain > 0)
            if best.any():
                room = self._room(variable, constraint)
                options.append((not enough.any(), room, constraint, released[best]))
        if not options:
            return None
        _, _, _, ties = min(options, key=lambda option: option[:3])
        if len(ties) == 1:
            return int(ties[0])
        places = self.system.places(ties)
        ranks = [self.order(t, r) for t, r in zip(places["table"], places["row"], strict=True)]
        return int(ties[int(np.argmin(ranks))])

    def _room(self, variable: int, constraint: int) -> float:
        """Width of the interval that a constraint alone leaves a variable, or those in it."""
        part = slice(self.con_start[constraint], self.con_start[constraint + 1])
        mine = self.con_var[part] == variable
        return float(self.room[part][mine].min() if mine.any() else self.room[part].min())

    def _rooms(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """Of each entry, the width of the interval that its constraint leaves its variable.

        Args:
            lower, upper: What is known of each variable, shape (n,).
        """
        m, con, positive = len(self.con_start) - 1, self.con, self.con_sign > 0
        lower, upper = lower[self.con_var], upper[self.con_var]

        def others(bound: FloatArray) -> FloatArray:
            """The sum of a bound over the other entries of a constraint; it may be infinite."""
            open_ended = np.isinf(bound)
            known = np.where(open_ended, 0.0, bound)
            n_open = np.bincount(con, open_ended, m)[con] - open_ended
            return np.where(n_open > 0, np.inf, np.bincount(con, known, m)[con] - known)

        top = self.system.con_upper[con] + others(np.where(positive, -lower, upper))
        bottom = self.system.con_lower[con] - others(np.where(positive, upper, -lower))
        top, bottom = np.where(positive, top, -bottom), np.where(positive, bottom, -top)
        return top - np.maximum(bottom, 0.0)

    def _hide(self, variable: int) -> list[int]:
        """Hide the row of a cell, and rows equal to it; the variables hidden."""
        waiting, hidden = [variable], []
        while waiting:
            place = self.system.places(np.array([waiting.pop()])).iloc[0]
            for first in self.siblings[place["table"]]:
                cell = first + int(place["row"])
                if self.system.hidden[cell]:
                    continue
                self.system.hidden[cell] = True
                self.system.lower[cell], self.system.upper[cell] = 0.0, np.inf
                hidden.append(cell)
                waiting.extend(self._equal_cells(cell))
        return hidden

    def _equal_cells(self, variable: int) -> list[int]:
        """Released cells that an equality of two cells makes equal to a cell."""
        equal_cells = []
        for constraint in self.constraints(variable):
            if self.equality[constraint]:
                variables = self.variables(constraint)
                equal_cells.extend(int(v) for v in variables if not self.system.hidden[v])
        return equal_cells
