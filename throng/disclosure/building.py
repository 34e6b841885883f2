"""Tables and relations become a system: a variable per cell, constraints per relation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from throng.disclosure.arrays import FloatArray, IntArray
from throng.disclosure.reading import Measure, as_arrow, base, first_line, read_measure
from throng.disclosure.relations import (
    GROWS,
    SAME_SUM,
    SUBSET,
    SUM_LESS_REST,
    SUM_WITH_REST,
    UNION,
    AuditError,
    Relation,
)
from throng.disclosure.system import CELL, REST, TOTAL, Block, System, pairs_text

ROW = "__throng_row"


def build(
    tables: Mapping[str, object],
    relations: Sequence[Relation],
    tolerance: Mapping[str, float] | None = None,
    lowest_below: int = 1,
    skip_missing: bool = False,
) -> System:
    """The system of tables under relations.

    Args:
        tables: pandas, Arrow or DuckDB, by name; several releases of a table are `name@release`.
        relations: What the true numbers obey, within each release.
        tolerance: By table (with or without its release), how far released values may be from
            the true ones: 5 for values rounded to 10. 0 for the others.
        lowest_below: The smallest value that text like `<5` can stand for, 0 or 1.
        skip_missing: Leave out relations of which a table is missing, and rows without a partner:
            what a release does not publish says nothing.

    Raises:
        AuditError: If a table or column is missing, rows find no partner, a value is no count, or
            released values contradict a relation.
    """
    builder = _Builder(tables, relations, tolerance or {}, lowest_below, skip_missing)
    with duckdb.connect() as connection:
        builder.load(connection)
        for instance in builder.instances():
            try:
                builder.relate(connection, instance)
            except duckdb.Error as error:
                raise AuditError(
                    f"Relation {instance.name} cannot be read as SQL: {first_line(error)}"
                ) from None
    system = builder.finish()
    _check_released(system)
    return system


@dataclass(frozen=True)
class Instance:
    """A relation stated for the tables of one release.

    Attributes:
        relation: The relation.
        parent, child, via: Names of tables, with their release; empty if the relation has none.
        name: The relation's id, with the release.
    """

    relation: Relation
    parent: str
    child: str
    via: str
    name: str


class _Builder:
    """Collects variables and constraints, relation by relation."""

    def __init__(
        self,
        tables: Mapping[str, object],
        relations: Sequence[Relation],
        tolerance: Mapping[str, float],
        lowest_below: int,
        skip_missing: bool,
    ) -> None:
        self.tables = tables
        self.relations = relations
        self.tolerance = tolerance
        self.lowest_below = lowest_below
        self.skip_missing = skip_missing
        self.blocks: dict[tuple[str, str], Block] = {}
        self.extra: list[Block] = []
        self.size = 0
        self.bounds: list[Measure] = []
        self.entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        self.constraints: list[tuple[FloatArray, FloatArray, IntArray, IntArray]] = []
        self.n_constraints = 0
        self.names: list[str] = []
        self.columns: dict[str, list[str]] = {}
        self.labels: dict[str, pd.DataFrame] = {}

    # tables

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read the tables that relations name, their measures into variables."""
        for name in self.tolerance:
            if name not in self.tables and name not in map(base, self.tables):
                raise AuditError(f"A tolerance is given for {name}, which is not among the tables.")
        measures: dict[str, list[str]] = {}
        words: dict[str, set[str]] = {}
        for relation in self.relations:
            for table, measure in relation.measures:
                measures.setdefault(table, []).append(measure)
            for table in relation.tables:
                words.setdefault(table, set())
            sql = [relation.child_where, *relation.split]
            sql += [key.child_expression for key in relation.keys]
            words[relation.child].update(re.findall(r"\w+", " ".join(sql)))
            if relation.parent:
                words[relation.parent].update(re.findall(r"\w+", relation.parent_where))
                words[relation.parent].update(key.parent_column for key in relation.keys)
        for name, table in self.tables.items():
            mine = list(dict.fromkeys(measures.get(base(name), [])))
            if base(name) not in words:
                continue
            arrow = as_arrow(name, table, set(mine))
            if len(set(map(str.lower, arrow.column_names))) < arrow.num_columns:
                raise AuditError(f"Table {name} has two columns of the same name.")
            self.columns[name] = list(arrow.column_names)
            for measure in mine:
                if measure not in arrow.column_names:
                    raise AuditError(
                        f"Table {name} has no column {measure}, which relation "
                        f"{self._speaker(base(name), measure)} names; it has "
                        f"{', '.join(arrow.column_names)}."
                    )
                slack = self.tolerance.get(name, self.tolerance.get(base(name), 0.0))
                read = read_measure(name, measure, arrow[measure], slack, self.lowest_below)
                self.blocks[name, measure] = self._block(name, measure, CELL, read)
            keys = [c for c in arrow.column_names if c in words[base(name)] and c not in mine]
            self.labels[name] = arrow.select(keys).to_pandas()
            numbered = arrow.append_column(ROW, pa.array(np.arange(arrow.num_rows)))
            connection.register("__throng_arrow", numbered)
            connection.execute(f"create table {_q(name)} as from __throng_arrow")
            connection.unregister("__throng_arrow")
        # What the expressions of a relations file may read ends here.
        connection.execute("set enable_external_access = false")

    def _speaker(self, table: str, measure: str) -> str:
        """The first relation that names a measure."""
        return next(r.relation_id for r in self.relations if (table, measure) in r.measures)

    def _block(
        self, table: str, measure: str, role: str, bounds: Measure, rows: IntArray | None = None
    ) -> Block:
        """New variables at the end."""
        rows = np.arange(len(bounds.lower)) if rows is None else rows
        block = Block(table, measure, role, self.size, rows)
        self.bounds.append(bounds)
        self.size += len(rows)
        if role != CELL:
            self.extra.append(block)
        return block

    def _unknown(self, table: str, measure: str, role: str, rows: IntArray) -> Block:
        """New variables of which nothing is known but that they are counts."""
        n = len(rows)
        nothing = Measure(np.zeros(n), np.full(n, np.inf), np.zeros(n, bool), np.zeros(n, bool))
        return self._block(table, measure, role, nothing, rows)

    # relations

    def instances(self) -> list[Instance]:
        """The relations, each once per release that it can be stated for."""
        found = []
        for relation in self.relations:
            wanted = (relation.parent, relation.child)
            releases = sorted(
                {
                    name.removeprefix(base(name))
                    for name in self.tables
                    if base(name) in wanted and base(name)
                },
                key=lambda text: [
                    (0, int(part), "") if part.isdigit() else (1, 0, part)
                    for part in re.findall(r"\d+|\D+", text)
                ],
            )
            if relation.relation_type == GROWS:
                mine = [relation.child + r for r in releases if relation.child + r in self.tables]
                if not mine and not self.skip_missing:
                    self._missing(relation, relation.child)
                for old, new in itertools.pairwise(mine):
                    name = f"{relation.relation_id}{new.removeprefix(base(new))}"
                    found.append(Instance(relation, new, old, relation.via, name))
                continue
            for release in releases or [""]:
                names = [
                    name + release if name and name + release in self.tables else ""
                    for name in wanted
                ]
                via = relation.via
                if via + release in self.tables:
                    via += release
                lacking = [
                    want + release
                    for want, have in zip(wanted, names, strict=True)
                    if want and not have
                ]
                if via and via not in self.tables:
                    lacking.append(via)
                if not lacking:
                    name = relation.relation_id + release
                    found.append(Instance(relation, *names, via, name))
                elif not self.skip_missing:
                    self._missing(relation, lacking[0])
        if not found:
            raise AuditError("No relation has all its tables, so there is nothing to attack with.")
        return found

    def _missing(self, relation: Relation, table: str) -> None:
        """Raise the error for a table that is not there."""
        raise AuditError(
            f"Relation {relation.relation_id} names the table {table}, which is not among "
            f"{', '.join(sorted(self.tables))}; add it, or leave such relations out on purpose."
        )

    def relate(self, connection: duckdb.DuckDBPyConnection, instance: Instance) -> None:
        """Add the constraints of a relation between these tables."""
        relation, parent, child = instance.relation, instance.parent, instance.child
        self.names.append(instance.name)
        children = self._children_sql(relation, child, instance.via)
        if relation.relation_type == SAME_SUM:
            self._same_sum(connection, relation, child, children)
            return
        rows_parent, rows_child, part_of, part_names = self._pairs(connection, instance, children)
        if not len(rows_child):
            return
        measure = relation.parent_measure or relation.child_measure
        whole = self.blocks[parent, measure].first
        part = self.blocks[child, relation.child_measure].first
        if relation.relation_type in (SUBSET, GROWS, UNION):
            self._add(
                np.concatenate([np.arange(len(rows_child))] * 2),
                np.concatenate([whole + rows_parent, part + rows_child]),
                np.repeat([1.0, -1.0], len(rows_child)),
                (0.0, np.inf),
                part + rows_child,
            )
            if relation.relation_type != UNION:
                return
        # One sum per parent and value of split.
        sums, group = np.unique(
            np.stack([part_of, rows_parent], axis=1), axis=0, return_inverse=True
        )
        part_of, parents = sums.T
        con = [np.arange(len(parents)), group]
        var = [whole + parents, part + rows_child]
        sign = [np.ones(len(parents)), -np.ones(len(rows_child))]
        if relation.relation_type in (SUM_WITH_REST, SUM_LESS_REST):
            rest_sign = -1.0 if relation.relation_type == SUM_WITH_REST else 1.0
            for i in np.unique(part_of):
                mine = np.flatnonzero(part_of == i)
                which = f" ({part_names[i]})" if part_names[i] else ""
                measure = f"rest of {instance.name}{which}"
                rest = self._unknown(parent, measure, REST, parents[mine])
                con.append(mine)
                var.append(rest.first + np.arange(len(mine)))
                sign.append(np.full(len(mine), rest_sign))
        bounds = (-np.inf, 0.0) if relation.relation_type == UNION else (0.0, 0.0)
        self._add(*map(np.concatenate, (con, var, sign)), bounds, whole + parents)

    def _children_sql(self, relation: Relation, child: str, via: str) -> str:
        """The child's rows with the columns of `via`, filtered."""
        source = _q(child)
        if via:
            shared = [c for c in self.columns[child] if c in self.columns[via]]
            if not shared:
                raise AuditError(
                    f"Relation {relation.relation_id}: {via} has no column in common with {child}."
                )
            same = " and ".join(f"c.{_q(c)} is not distinct from v.{_q(c)}" for c in shared)
            new = "".join(f", v.{_q(c)}" for c in self.columns[via] if c not in shared)
            source = f"(select c.*{new} from {_q(child)} as c join {_q(via)} as v on {same})"
        return f"select * from {source} as child{_where(relation.child_where)}"

    def _pairs(
        self, connection: duckdb.DuckDBPyConnection, instance: Instance, children: str
    ) -> tuple[IntArray, IntArray, IntArray, list[str]]:
        """Rows that belong together, by child and parent.

        Returns:
            Row numbers of parents and children, the number of the split's value, and what the
            values of the split are called.
        """
        relation, parent, child = instance.relation, instance.parent, instance.child
        keys = list(enumerate(relation.keys))
        # The expression of `grows` stands for itself in both releases.
        is_growth = relation.relation_type == GROWS
        parent_keys = "".join(
            f", {key.child_expression if is_growth else _q(key.parent_column)} as k{i}"
            for i, key in keys
        )
        child_keys = "".join(f", {key.child_expression} as k{i}" for i, key in keys)
        splits = list(enumerate(relation.split))
        child_keys += "".join(f", {text} as s{i}" for i, text in splits)
        if is_growth:
            parents = self._children_sql(relation, parent, instance.via)
        else:
            parents = f"select * from {_q(parent)}{_where(relation.parent_where)}"
        # Temporary tables, since each is read more than once.
        connection.execute(
            f"create or replace temp table __throng_p as select {ROW} as row{parent_keys} "
            f"from ({parents}) as parent"
        )
        connection.execute(
            f"create or replace temp table __throng_c as "
            f"select {ROW} as row{child_keys} from ({children}) as child"
        )
        columns = ", ".join(f"k{i}" for i, _ in keys)
        by = f"group by {columns}" if columns else ""
        twice = connection.execute(
            f"select {columns or 0} from __throng_p {by} having count(*) > 1 order by all limit 1"
        ).fetchone()
        if twice is not None:
            raise AuditError(
                f"Relation {instance.name}: the keys do not tell the rows of {parent} apart, e.g. "
                f"{self._example(relation, twice)}; add a key, or narrow the where."
            )
        same = "".join(f" and c.k{i} is not distinct from p.k{i}" for i, _ in keys)
        by_split = ", ".join(f"c.s{i}" for i, _ in splits)
        part = f"dense_rank() over (order by {by_split}) - 1" if splits else "0"
        pairs = connection.execute(
            f"select c.row as child, coalesce(p.row, -1) as parent, {part} as part "
            f"from __throng_c as c left join __throng_p as p on true{same} "
            f"order by child, parent"
        ).fetchnumpy()
        rows_child, rows_parent, part_of = (
            np.asarray(pairs[k], np.int64) for k in ("child", "parent", "part")
        )
        if is_growth:
            kept = rows_parent >= 0
            return rows_parent[kept], rows_child[kept], part_of[kept], [""]
        again = (np.diff(rows_child) == 0) & (np.diff(rows_parent) == 0)
        if again.any():
            place = self._row_text(child, int(rows_child[1:][again][0]))
            raise AuditError(
                f"Relation {instance.name}: a row of {child} counts twice for the same row of "
                f"{parent}, e.g. {place}; the via table repeats itself."
            )
        if self.skip_missing:
            kept = rows_parent >= 0
            rows_parent, rows_child, part_of = rows_parent[kept], rows_child[kept], part_of[kept]
        else:
            self._check_partners(connection, instance, rows_parent, rows_child)
        part_names = [""]
        if splits:
            values = connection.execute(
                f"select distinct {by_split} from __throng_c as c order by {by_split}"
            ).fetchall()
            part_names = [pairs_text(relation.split, row) for row in values]
        return rows_parent, rows_child, part_of, part_names

    def _check_partners(
        self,
        connection: duckdb.DuckDBPyConnection,
        instance: Instance,
        rows_parent: IntArray,
        rows_child: IntArray,
    ) -> None:
        """Raise an error if a row has no partner.

        A subset says nothing about a parent without children, and a lookup table decides itself
        which parents it speaks of.
        """
        relation, parent, child = instance.relation, instance.parent, instance.child
        hint = "a withheld row must be in its table with an empty measure"
        alone = rows_parent < 0
        if alone.any():
            raise AuditError(
                f"Relation {instance.name}: rows of {child} without a row in {parent}: "
                f"{alone.sum():,}, e.g. {self._row_text(child, int(rows_child[alone][0]))}; "
                f"{hint}, and rows outside the relation are left out by child_where."
            )
        if relation.relation_type == SUBSET:
            return
        own = [c for c in self.columns.get(instance.via, []) if c not in self.columns[child]]
        own += [_q(c) for c in own]
        named = [i for i, k in enumerate(relation.keys) if k.child_expression in own]
        rows_of = "select row from __throng_p as p"
        if named:
            same = " and ".join(
                f"v.{relation.keys[i].child_expression} is not distinct from p.k{i}" for i in named
            )
            rows_of += f" where exists (select 1 from {_q(instance.via)} as v where {same})"
        rows = connection.execute(rows_of).fetchnumpy()["row"]
        childless = np.setdiff1d(np.asarray(rows, np.int64), rows_parent)
        if len(childless):
            raise AuditError(
                f"Relation {instance.name}: rows of {parent} without a row in {child}: "
                f"{len(childless):,}, e.g. {self._row_text(parent, int(childless[0]))}; "
                f"{hint}, and rows outside the relation are left out by parent_where."
            )

    def _same_sum(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: Relation,
        child: str,
        children: str,
    ) -> None:
        """Groups of the same keys add up to the same unpublished total."""
        keys = "".join(f", {key.child_expression} as k{i}" for i, key in enumerate(relation.keys))
        splits = "".join(f", {text} as s{i}" for i, text in enumerate(relation.split))
        by = ", ".join(f"k{i}" for i in range(len(relation.keys)))
        by_split = ", ".join([by] * bool(by) + [f"s{i}" for i in range(len(relation.split))])
        found = connection.execute(
            f"select row, {f'dense_rank() over (order by {by})' if by else '1'} as place, "
            f"dense_rank() over (order by {by_split}) as part "
            f"from (select {ROW} as row{keys}{splits} from ({children}) as c) "
            f"order by row, part"
        ).fetchnumpy()
        rows, place, part = (np.asarray(found[k], np.int64) for k in ("row", "place", "part"))
        if not len(rows):
            return
        _, first, group = np.unique(part, return_index=True, return_inverse=True)
        _, whole, n_parts = np.unique(place[first], return_inverse=True, return_counts=True)
        # One part alone says nothing.
        telling = n_parts[whole] > 1
        number = np.cumsum(telling) - 1
        kept = telling[group]
        totals, total_of = np.unique(whole[telling], return_inverse=True)
        if not len(totals):
            return
        anchors = rows[first][telling]
        _, first_of_total = np.unique(total_of, return_index=True)
        name = f"total of {relation.relation_id}"
        total = self._unknown(child, name, TOTAL, anchors[first_of_total])
        start = self.blocks[child, relation.child_measure].first
        self._add(
            np.concatenate([np.arange(len(anchors)), number[group][kept]]),
            np.concatenate([total.first + total_of, start + rows[kept]]),
            np.concatenate([np.ones(len(anchors)), -np.ones(kept.sum())]),
            (0.0, 0.0),
            start + anchors,
        )

    def _add(
        self,
        con: IntArray,
        var: IntArray,
        sign: FloatArray,
        bounds: tuple[float, float],
        anchors: IntArray,
    ) -> None:
        """Add constraints, numbered from 0 within the call."""
        n = len(anchors)
        self.entries.append((con + self.n_constraints, var, sign))
        self.constraints.append(
            (np.full(n, bounds[0]), np.full(n, bounds[1]), np.full(n, len(self.names) - 1), anchors)
        )
        self.n_constraints += n

    def finish(self) -> System:
        """Everything collected so far."""
        lower, upper, hidden, prior = (
            np.concatenate([getattr(b, name) for b in self.bounds] or [np.zeros(0)])
            for name in ("lower", "upper", "hidden", "prior")
        )
        none = np.zeros(0, np.int64)
        con, var, sign = (
            np.concatenate(parts)
            for parts in zip(*(self.entries or [(none, none, np.zeros(0))]), strict=True)
        )
        empty = (np.zeros(0), np.zeros(0), none, none)
        con_lower, con_upper, con_relation, con_anchor = (
            np.concatenate(parts) for parts in zip(*(self.constraints or [empty]), strict=True)
        )
        return System(
            blocks=sorted([*self.blocks.values(), *self.extra], key=lambda block: block.first),
            lower=lower,
            upper=upper,
            hidden=hidden.astype(bool),
            prior=prior.astype(bool),
            con=con,
            var=var,
            sign=sign,
            con_lower=con_lower,
            con_upper=con_upper,
            con_relation=con_relation,
            con_anchor=con_anchor,
            names=self.names,
            labels=self.labels,
        )

    def _row_text(self, table: str, row: int) -> str:
        """The keys of a row, for a message."""
        labels = self.labels[table].iloc[[row]]
        [values] = labels.itertuples(index=False, name=None)
        return pairs_text(labels, values) or f"row {row + 1}"

    def _example(self, relation: Relation, values: tuple[object, ...]) -> str:
        """Key values by the parent's column names, for a message."""
        names = [key.parent_column for key in relation.keys]
        return pairs_text(names, values[: len(names)]) or "any two"


def _where(condition: str) -> str:
    """A where clause, or nothing."""
    return f" where ({condition})" if condition else ""


def _q(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def _check_released(system: System) -> None:
    """Raise an error if values that were released contradict a relation by themselves."""
    m = len(system.con_lower)
    least = np.where(system.sign > 0, system.lower[system.var], -system.upper[system.var])
    most = np.where(system.sign > 0, system.upper[system.var], -system.lower[system.var])
    too_much = np.bincount(system.con, least, m) > system.con_upper
    too_little = np.bincount(system.con, most, m) < system.con_lower
    bad = np.flatnonzero(too_much | too_little)
    if len(bad):
        relation = system.con_relation[bad[0]]
        n = int((system.con_relation[bad] == relation).sum())
        raise AuditError(
            f"Relation {system.names[relation]} does not hold: places where released values "
            f"contradict it: {n:,}, e.g. {system.place_text(int(system.con_anchor[bad[0]]))}; "
            "correct the relation, or say how far released values may be from true ones."
        )
