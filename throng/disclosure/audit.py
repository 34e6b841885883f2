"""The disclosure audit: does what is published protect what is not?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from throng.disclosure.arrays import BoolArray
from throng.disclosure.attack import Attacked, attack
from throng.disclosure.building import build
from throng.disclosure.goals import goals
from throng.disclosure.relations import AuditError, Relation
from throng.disclosure.solver import Cache, Progress
from throng.disclosure.system import System

MIN_WIDTH = 16
RECOVERED, NARROW, PROTECTED, EMPTY = "recovered", "narrow", "protected", "empty"
VERDICTS = (RECOVERED, NARROW, PROTECTED, EMPTY)
FAILED = (RECOVERED, NARROW)


@dataclass
class Audit:
    """What an outsider can say of each hidden cell.

    Attributes:
        cells: One row per hidden cell and unpublished remainder, numbered by variable: table, row
            (zero-based), measure, role (cell, rest), lower, upper (persons or whatever the table
            counts; upper may be inf), verdict (one of VERDICTS). A protected cell's bounds are
            possible values at least min_width apart, not always the widest.
        min_width: Width of an interval from which it protects.
        seconds: Wall time of building the system and of attacking it.
        counts: Sizes of the problem at its stages.
        system: Tables and relations as attacked.
    """

    cells: pd.DataFrame
    min_width: int
    seconds: dict[str, float]
    counts: dict[str, int]
    system: System

    @property
    def passed(self) -> bool:
        """Whether every hidden cell is protected or known to be empty."""
        return not self.cells["verdict"].isin(FAILED).any()

    def by_table(self) -> pd.DataFrame:
        """Number of hidden cells per table and measure: hidden and one column per verdict."""
        cells = self.cells.groupby(["table", "measure"], sort=True)["verdict"]
        none = pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []]))
        counts = cells.value_counts().unstack(fill_value=0) if len(self.cells) else none
        counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
        for block in self.system.blocks:
            if block.role == "cell" and (block.table, block.measure) not in counts.index:
                counts.loc[(block.table, block.measure), :] = 0
        counts = counts.astype(int).sort_index()
        counts.insert(0, "hidden", counts.sum(axis=1))
        index = pd.MultiIndex.from_tuples(list(counts.index), names=["table", "measure"])
        return counts.set_axis(index)

    def by_relation(self) -> pd.DataFrame:
        """Per relation, in the file's order: hidden cells in it, and one column per verdict."""
        verdict = np.full(len(self.system.lower), -1)
        verdict[self.cells.index] = [VERDICTS.index(v) for v in self.cells["verdict"]]
        relation, variable = self._touching()
        table = np.zeros((len(self.system.names), len(VERDICTS)), int)
        np.add.at(table, (relation, verdict[variable]), 1)
        counts = pd.DataFrame(table, index=self.system.names, columns=list(VERDICTS))
        counts.insert(0, "hidden", counts.sum(axis=1))
        return counts

    def failing(self) -> pd.DataFrame:
        """The cells that fail: as in `cells`, with keys and the relations they are part of."""
        failed = self.cells[self.cells["verdict"].isin(FAILED)].copy()
        names = np.array(self.system.names, object)
        relation, variable = self._touching()
        wanted = np.isin(variable, failed.index)
        touching = pd.Series(names[relation[wanted]]).groupby(variable[wanted]).agg(" ".join)
        failed.insert(3, "keys", self.system.key_texts(failed))
        failed["relations"] = touching.reindex(failed.index, fill_value="")
        return failed

    def _touching(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of relation and audited variable, each once, by relation."""
        audited = np.zeros(len(self.system.lower), bool)
        audited[self.cells.index] = True
        entries = audited[self.system.var]
        pairs = np.unique(
            self.system.con_relation[self.system.con[entries]] * len(audited)
            + self.system.var[entries]
        )
        return pairs // max(len(audited), 1), pairs % max(len(audited), 1)


def audit(
    tables: Mapping[str, object],
    relations: Sequence[Relation],
    min_width: int = MIN_WIDTH,
    tolerance: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    *,
    lowest_below: int = 1,
    skip_missing: bool = False,
    exact: bool = False,
    workers: int = 1,
) -> Audit:
    """Attack published tables.

    Args:
        tables: pandas frames, Arrow tables or DuckDB relations by name; releases of the same
            table are called `name@release`.
        relations: What the true numbers obey.
        min_width: A hidden cell is protected if upper - lower is at least this.
        tolerance: By table, how far released values may be from the true ones.
        progress: Called with a line of text now and then.
        lowest_below: The smallest value that a cell like "<5" can stand for.
        skip_missing: Leave out relations of which a table is missing.
        exact: Find the widest bounds of protected cells too; takes much longer.
        workers: Processes for the solver. They are spawned: a script that asks for more than one
            needs `if __name__ == "__main__"`.

    Raises:
        AuditError: If tables and relations do not fit, or released values contradict them.
    """
    if min_width < 1:
        raise AuditError(f"The width that protects must be at least 1, not {min_width}.")
    started = time.perf_counter()
    system = build(tables, relations, tolerance, lowest_below, skip_missing)
    built = time.perf_counter()
    attacked = attack(system, min_width, exact=exact, workers=workers, progress=progress)
    audited = judge(system, attacked, min_width)
    audited.seconds = {"build": built - started, "attack": time.perf_counter() - built}
    return audited


def reattack(
    system: System,
    min_width: int,
    workers: int,
    cache: Cache,
    progress: Progress | None = None,
    before: Audit | None = None,
) -> Audit:
    """The audit of a system whose released cells may have become fewer since the one before.

    What was protected still is: who knows less can rule out less.
    """
    started = time.perf_counter()
    proven = None
    if before is not None:
        known = before.cells[before.cells["verdict"] == PROTECTED]
        proven = np.zeros(len(system.lower), bool)
        proven[known.index] = True
    attacked = attack(
        system, min_width, workers=workers, cache=cache, progress=progress, proven=proven
    )
    if before is not None:
        attacked.lower[known.index], attacked.upper[known.index] = known["lower"], known["upper"]
    audited = judge(system, attacked, min_width)
    audited.seconds = {"attack": time.perf_counter() - started}
    return audited


def judge(system: System, attacked: Attacked, min_width: int) -> Audit:
    """Verdicts from bounds.

    A cell that must be 0 has nobody in it: `empty`. Nobody may know of a remainder that it is a
    small group of somebody. A cell like "<5" must stay as uncertain as it was released.
    """
    asked = goals(system, min_width)
    variables = np.flatnonzero(asked.audited)
    asked = asked.of(variables)
    lower, upper = attacked.lower[variables], attacked.upper[variables]
    failed: BoolArray = ~asked.met(lower, upper)
    verdict = np.select(
        [upper == 0, failed & (lower == upper), failed], [EMPTY, RECOVERED, NARROW], PROTECTED
    )
    cells = system.places(variables).set_index(variables)
    cells["lower"], cells["upper"], cells["verdict"] = lower, upper, verdict
    return Audit(cells, min_width, {}, attacked.counts, system)
