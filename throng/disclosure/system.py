"""Published tables and their relations as one system of linear constraints over whole numbers.

Every cell of a measure that a relation names is a variable: a released cell with lower = upper, a
hidden one with the bounds an outsider knows beforehand. Unpublished remainders and totals are
further variables. A constraint says lower <= sum of signed variables <= upper; all signs are +-1.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from throng.disclosure import relations as kinds
from throng.disclosure.relations import AuditError, Relation

IntArray = np.ndarray[Any, np.dtype[np.int64]]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

ROW = "__throng_row"
RELEASE = "@"
CELL, REST, TOTAL = "cell", "rest", "total"
BELOW = re.compile(r"<\s*(\d+)")
SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Block:
    """The variables of one measure of one table, or of one relation's unpublished numbers.

    Attributes:
        table: Table of the cells; for remainders, the parent's table.
        measure: Column of the cells.
        role: CELL, REST or TOTAL.
        first: Number of its first variable; the others follow.
        rows: Row number in the table, zero-based, of each of its variables.
    """

    table: str
    measure: str
    role: str
    first: int
    rows: IntArray


@dataclass
class System:
    """All variables and constraints; n variables, m constraints, e entries of the matrix.

    Attributes:
        blocks: Where the variables come from.
        lower, upper: What is known of each variable beforehand, shape (n,); upper may be inf.
        hidden: Cells whose value was not released, shape (n,); remainders and totals are not.
        prior: Hidden cells released as text like "<5", shape (n,).
        con, var, sign: One entry of the matrix each, shape (e,).
        con_lower, con_upper: Bounds of each constraint, shape (m,); may be infinite.
        con_relation: Position in `names` of each constraint's relation, shape (m,).
        con_anchor: A variable by which to name the constraint's place, shape (m,).
        names: Relation ids, with the release they speak of if there is one.
        labels: The key columns of each table, one row per row of the table.
    """

    blocks: list[Block]
    lower: FloatArray
    upper: FloatArray
    hidden: BoolArray
    prior: BoolArray
    con: IntArray
    var: IntArray
    sign: FloatArray
    con_lower: FloatArray
    con_upper: FloatArray
    con_relation: IntArray
    con_anchor: IntArray
    names: list[str]
    labels: dict[str, pd.DataFrame] = field(default_factory=dict)

    def roles(self) -> BoolArray:
        """Which variables are unpublished remainders, shape (n,)."""
        rest = np.zeros(len(self.lower), bool)
        for block in self.blocks:
            if block.role == REST:
                rest[block.first : block.first + len(block.rows)] = True
        return rest

    def places(self, variables: IntArray) -> pd.DataFrame:
        """Table, row, measure and role of variables, in the order given."""
        firsts = np.array([block.first for block in self.blocks])
        of = np.searchsorted(firsts, variables, side="right") - 1
        rows = np.zeros(len(variables), np.int64)
        for i in np.unique(of):
            mine = of == i
            rows[mine] = self.blocks[i].rows[variables[mine] - self.blocks[i].first]
        return pd.DataFrame(
            {
                "table": np.array([block.table for block in self.blocks], object)[of],
                "row": rows,
                "measure": np.array([block.measure for block in self.blocks], object)[of],
                "role": np.array([block.role for block in self.blocks], object)[of],
            }
        )

    def key_texts(self, places: pd.DataFrame) -> list[str]:
        """Keys of the rows of a frame of `places`, as text like `area_id=A1; day=2020-02-03`."""
        texts = pd.Series("", index=range(len(places)), dtype=object)
        tables = places["table"].to_numpy()
        rows = places["row"].to_numpy()
        for table in dict.fromkeys(tables):
            mine = np.flatnonzero(tables == table)
            labels = self.labels[table].iloc[rows[mine]]
            texts.iloc[mine] = [
                "; ".join(
                    f"{name}={_shown(value)}" for name, value in zip(labels, row, strict=True)
                )
                for row in labels.itertuples(index=False, name=None)
            ]
        return list(texts)

    def place_text(self, variable: int) -> str:
        """One variable's table, measure and keys, for a sentence."""
        places = self.places(np.array([variable]))
        [place] = places.to_dict("records")
        return f"{place['table']} ({self.key_texts(places)[0]})"


def _pairs_text(names: Iterable[str], values: Iterable[object]) -> str:
    """Key columns and their values as text."""
    return "; ".join(f"{n}={_shown(v)}" for n, v in zip(names, values, strict=True))


def _shown(value: object) -> str:
    """A key value as text; what is null in the table is `null`."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.removesuffix(" 00:00:00") if isinstance(value, pd.Timestamp) else text


# --- reading tables


def read_tables(paths: Sequence[Path]) -> dict[str, pa.Table]:
    """Tables of CSV or Parquet files, by the names of the files without their endings.

    A folder is one table if it is called `<name>.parquet` or has `part-*` files or `<key>=<value>`
    folders in it, as Spark writes them; another folder stands for the tables in it.

    Raises:
        AuditError: If a file is missing, of another kind, unreadable, or called like another.
    """
    tables: dict[str, pa.Table] = {}
    for path in _files(paths):
        name = path.name
        for suffix in SUFFIXES:
            name = name.removesuffix(suffix)
        if name in tables:
            raise AuditError(f"Two files hold a table {name}; the second is {path}.")
        source = str(path).replace("'", "''")
        if path.is_dir():
            source = f"read_parquet('{source}/**/*.parquet', hive_partitioning = true)"
        elif path.suffix == ".parquet":
            source = f"read_parquet('{source}')"
        else:
            source = f"read_csv('{source}', header = true, sample_size = -1)"
        try:
            with duckdb.connect() as connection:
                tables[name] = connection.sql(f"from {source}").to_arrow_table()
        except duckdb.Error as error:
            raise AuditError(f"Cannot read {path}: {_first_line(error)}") from None
    return tables


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files and folders that are one table each."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise AuditError(f"There is no file {path}.")
        if _is_table(path):
            found.append(path)
        elif path.is_dir():
            inside = sorted(p for p in path.iterdir() if _is_table(p))
            if not inside:
                raise AuditError(f"The folder {path} has no CSV or Parquet file in it.")
            found.extend(inside)
        else:
            raise AuditError(f"{path} is no table; give {', '.join(SUFFIXES)} files.")
    return found


def _is_table(path: Path) -> bool:
    """Whether a path is one table."""
    if path.name.startswith((".", "_")):
        return False
    if not path.is_dir():
        return path.name.endswith(SUFFIXES)
    parts = (p for p in path.iterdir() if p.name.startswith("part-") or "=" in p.name)
    return path.name.endswith(".parquet") or any(parts)


def _first_line(error: Exception) -> str:
    """The first line of a message, as a sentence."""
    return str(error).strip().splitlines()[0].rstrip(".") + "."


def _arrow(name: str, table: object, measures: set[str]) -> pa.Table:
    """A table of any accepted type; measures of mixed types become text."""
    if isinstance(table, duckdb.DuckDBPyRelation):
        return table.to_arrow_table()
    if isinstance(table, pd.DataFrame):
        mixed = {
            column: table[column].map(_text, na_action="ignore")
            for column in table.columns
            if column in measures and table[column].dtype == object
        }
        try:
            return pa.Table.from_pandas(table.assign(**mixed), preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise AuditError(f"A column of {name} mixes types: {_first_line(error)}") from None
    if isinstance(table, pa.Table):
        return table
    raise AuditError(f"Table {name} is a {type(table).__name__}, not a frame.")


def _text(value: object) -> str:
    """A value of a mixed column as text that says the same."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class Measure:
    """A measure as read: bounds of each row's value and whether it is hidden, shape (rows,)."""

    lower: FloatArray
    upper: FloatArray
    hidden: BoolArray
    prior: BoolArray


def read_measure(
    table: str, name: str, column: pa.ChunkedArray, tolerance: float, lowest_below: int
) -> Measure:
    """Bounds of the cells of one column.

    Args:
        table, name: For messages.
        column: Numbers, or text with numbers, nothing (hidden) and `<N` (hidden, below N).
        tolerance: Released values are at most so far from the true ones.
        lowest_below: The smallest value that `<N` can stand for.

    Raises:
        AuditError: If a value is not a count.
    """
    values = column.to_pandas()
    if values.dtype == object:
        codes, texts = pd.factorize(values, use_na_sentinel=True)
        table_of = np.array(
            [_bounds(table, name, str(text), tolerance, lowest_below) for text in texts]
            + [(0.0, np.inf, 1.0, 0.0)]
        )
        lower, upper, hidden, prior = table_of[codes].T
        return Measure(lower.copy(), upper.copy(), hidden > 0, prior > 0)
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    hidden = np.isnan(numbers)
    bad = ~hidden & ((numbers + tolerance < 0) | ((tolerance == 0) & (numbers % 1 != 0)))
    if bad.any():
        raise _no_count(table, name, f"{numbers[bad][0]:g}")
    lower = np.where(hidden, 0.0, np.maximum(0, np.ceil(numbers - tolerance)))
    upper = np.where(hidden, np.inf, np.floor(numbers + tolerance))
    return Measure(lower, upper, hidden, np.zeros(len(numbers), bool))


def _bounds(
    table: str, name: str, text: str, tolerance: float, lowest_below: int
) -> tuple[float, float, float, float]:
    """Lower, upper, whether hidden and whether by `<N`, of one text."""
    below = BELOW.fullmatch(text.strip())
    if below:
        upper = int(below.group(1)) - 1
        if upper < lowest_below:
            raise AuditError(
                f"{table}.{name} has the value {text}, and {text} cannot stand for "
                f"{lowest_below} or more."
            )
        return float(lowest_below), float(upper), 1.0, 1.0
    if not text.strip():
        return 0.0, np.inf, 1.0, 0.0
    try:
        number = float(text)
    except ValueError:
        raise _no_count(table, name, text) from None
    if number != number:
        return 0.0, np.inf, 1.0, 0.0
    if number + tolerance < 0 or np.isinf(number) or (tolerance == 0 and number % 1):
        raise _no_count(table, name, text)
    return max(0.0, np.ceil(number - tolerance)), np.floor(number + tolerance), 0.0, 0.0


def _no_count(table: str, name: str, text: str) -> AuditError:
    """The error for a value that is not a count."""
    return AuditError(
        f"{table}.{name} has the value {text}; a count is a whole number from 0, empty if it is "
        "withheld, or like <5."
    )


# --- building


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
                    f"Relation {instance.name} cannot be read as SQL: {_first_line(error)}"
                ) from None
    system = builder.finish()
    _check_released(system)
    return system


def base(table: str) -> str:
    """The name of a table without its release."""
    return table.partition(RELEASE)[0]


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
            arrow = _arrow(name, table, set(mine))
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
            if relation.kind == kinds.GROWS:
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
        if relation.kind == kinds.SAME_SUM:
            self._same_sum(connection, relation, child, children)
            return
        rows_parent, rows_child, part_of, part_names = self._pairs(connection, instance, children)
        if not len(rows_child):
            return
        measure = relation.parent_measure or relation.child_measure
        whole = self.blocks[parent, measure].first
        part = self.blocks[child, relation.child_measure].first
        if relation.kind in (kinds.SUBSET, kinds.GROWS, kinds.UNION):
            self._add(
                np.concatenate([np.arange(len(rows_child))] * 2),
                np.concatenate([whole + rows_parent, part + rows_child]),
                np.repeat([1.0, -1.0], len(rows_child)),
                (0.0, np.inf),
                part + rows_child,
            )
            if relation.kind != kinds.UNION:
                return
        # One sum per parent and value of split.
        sums, group = np.unique(
            np.stack([part_of, rows_parent], axis=1), axis=0, return_inverse=True
        )
        part_of, parents = sums.T
        con = [np.arange(len(parents)), group]
        var = [whole + parents, part + rows_child]
        sign = [np.ones(len(parents)), -np.ones(len(rows_child))]
        if relation.kind == kinds.SUM_WITH_REST:
            for i in np.unique(part_of):
                mine = np.flatnonzero(part_of == i)
                which = f" ({part_names[i]})" if part_names[i] else ""
                measure = f"rest of {instance.name}{which}"
                rest = self._unknown(parent, measure, REST, parents[mine])
                con.append(mine)
                var.append(rest.first + np.arange(len(mine)))
                sign.append(-np.ones(len(mine)))
        bounds = (-np.inf, 0.0) if relation.kind == kinds.UNION else (0.0, 0.0)
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
        parent_keys = "".join(
            f", {key.child_expression if relation.kind == kinds.GROWS else _q(key.parent_column)}"
            f" as k{i}"
            for i, key in keys
        )
        child_keys = "".join(f", {key.child_expression} as k{i}" for i, key in keys)
        splits = list(enumerate(relation.split))
        child_keys += "".join(f", {text} as s{i}" for i, text in splits)
        if relation.kind == kinds.GROWS:
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
        if relation.kind == kinds.GROWS:
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
            part_names = [_pairs_text(relation.split, row) for row in values]
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
        if relation.kind == kinds.SUBSET:
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
        return _pairs_text(labels, values) or f"row {row + 1}"

    def _example(self, relation: Relation, values: tuple[object, ...]) -> str:
        """Key values by the parent's column names, for a message."""
        names = [key.parent_column for key in relation.keys]
        return _pairs_text(names, values[: len(names)]) or "any two"


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
