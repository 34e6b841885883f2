"""How many bytes of exported marts Athena would read for a query, and what it would bill.

An upper bound: what Athena skips inside a file by its statistics, and conditions that only follow
from a join, are not taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.pushdown_predicates import pushdown_predicates
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from throng.marts.workgroup import MB

_DIALECT = "athena"
#: What a query costs at least, however little it reads.
SMALLEST_BILL = 10 * MB
_TB = 1_000_000 * MB


class ScanCostError(Exception):
    """A query or folder whose cost cannot be said; the message says why."""


@dataclass(frozen=True)
class DataFile:
    """A Parquet file: the values of its folders, and compressed bytes by column."""

    values: dict[str, str]
    sizes: dict[str, int]


@dataclass(frozen=True)
class Table:
    """The files of a mart."""

    name: str
    files: tuple[DataFile, ...]

    @property
    def partition_columns(self) -> list[str]:
        """Columns that cost nothing, since the names of folders have them."""
        return list(self.files[0].values)

    @property
    def columns(self) -> list[str]:
        """All columns."""
        return [*self.files[0].sizes, *self.partition_columns]


@dataclass(frozen=True)
class Reading:
    """What a query reads of a mart at one place where it names it.

    Attributes:
        table: name of the mart.
        n_files: files of the mart.
        n_left_out: files that the filters on partition columns leave out.
        all_bytes: of all columns of the files that remain.
        touched_bytes: of the columns that the query touches, of these files.
    """

    table: str
    n_files: int
    n_left_out: int
    all_bytes: int
    touched_bytes: int


def scan_cost(sql: str, folder: Path) -> list[Reading]:
    """What a query reads of the marts in a folder, once for each place that names a mart.

    Raises:
        ScanCostError: no query, or one of tables or columns that are not there.
    """
    query = parse_query(sql)
    names = sorted(_named(query))
    if not names:
        raise ScanCostError("The query reads no mart.")
    return readings(query, {name: read_table(folder, name) for name in names})


def parse_query(sql: str) -> exp.Query:
    """A query whose tables have no schema: the database of Athena has any name.

    Raises:
        ScanCostError: it is no query, or more than one.
    """
    try:
        statements = [statement for statement in parse(sql, read=_DIALECT) if statement]
    except SqlglotError as error:
        raise ScanCostError(f"The query is not understood: {_first_line(error)}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ScanCostError('Give one query, such as "select n_subscribers from count_residents".')
    [query] = statements
    for table in query.find_all(exp.Table):
        table.set("db", None)
        table.set("catalog", None)
        table.this.replace(exp.to_identifier(table.name.lower()))
    for column in query.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return query


def _named(query: exp.Query) -> set[str]:
    """Names of the tables that a query reads, without those that it defines itself."""
    defined = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    return {table.name for table in query.find_all(exp.Table) if table.name} - defined


def read_table(folder: Path, name: str) -> Table:
    """The files of a mart, from their footers.

    Raises:
        ScanCostError: there is no such mart in the folder.
    """
    here = folder / name
    if not here.is_dir():
        marts = sorted(
            path.name
            for path in (folder.iterdir() if folder.is_dir() else ())
            if path.is_dir() and not path.name.startswith(".")
        )
        known = f"It has: {', '.join(marts)}." if marts else "It has none."
        raise ScanCostError(
            f"There is no mart {name} in {folder}. {known} "
            "Write them with throng export --all --partitioned."
        )
    files = tuple(_read_footer(here, path) for path in sorted(here.rglob("*.parquet")))
    if not files:
        raise ScanCostError(f"{here} has no file: the mart had no rows when it was exported.")
    return Table(name, files)


def _read_footer(folder: Path, path: Path) -> DataFile:
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ScanCostError(f"{path} cannot be read as Parquet: {_first_line(error)}") from None
    sizes = dict.fromkeys(footer.schema.to_arrow_schema().names, 0)
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for position in range(group.num_columns):
            chunk = group.column(position)
            sizes[chunk.path_in_schema.partition(".")[0]] += chunk.total_compressed_size
    parts = path.parent.relative_to(folder).parts
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    return DataFile(values, sizes)


def readings(query: exp.Query, tables: dict[str, Table]) -> list[Reading]:
    """What a query reads of these tables.

    Raises:
        ScanCostError: a column that is in none of them.
    """
    schema = {
        name: dict.fromkeys(table.columns, "varchar") for name, table in sorted(tables.items())
    }
    try:
        query = qualify(query, schema=schema, dialect=_DIALECT)
        query = pushdown_predicates(pushdown_projections(query), dialect=_DIALECT)
    except SqlglotError as error:
        raise ScanCostError(_why_not(str(error), tables)) from None
    return list(_readings_of(build_scope(query), tables, ()))


def _why_not(said: str, tables: dict[str, Table]) -> str:
    """What sqlglot says of columns, as a sentence about the marts."""
    columns = "; ".join(f"{table.name}: {', '.join(table.columns)}" for table in tables.values())
    if unknown := re.match(r"Column '(.+?)' could not be resolved|Unknown column: (\S+)", said):
        column = (unknown[1] or unknown[2]).replace('"', "")
        return (
            f"There is no column {column} in what the query reads, or more than one. "
            f"The columns are: {columns}."
        )
    return f"The query is not understood: {said.splitlines()[0]}"


def _readings_of(
    scope: Scope, tables: dict[str, Table], above: tuple[Scope, ...]
) -> Iterator[Reading]:
    """Of a select and all that it selects from; of a CTE each time that it is named."""
    if scope in above:  # it reads itself
        return
    above = (*above, scope)
    for alias, (_, source) in scope.selected_sources.items():
        if isinstance(source, Scope):
            yield from _readings_of(source, tables, above)
        elif source.name in tables:
            touched = {column.name for column in scope.source_columns(alias)}
            yield _reading(tables[source.name], alias, touched, list(_conditions(scope, alias)))
    for inner in (*scope.set_operation_scopes, *scope.subquery_scopes):
        yield from _readings_of(inner, tables, above)


def _reading(
    table: Table, alias: str, touched: set[str], conditions: list[exp.Expression]
) -> Reading:
    left = [
        file
        for file in table.files
        if not any(holds(condition, alias, file.values) is False for condition in conditions)
    ]
    return Reading(
        table=table.name,
        n_files=len(table.files),
        n_left_out=len(table.files) - len(left),
        all_bytes=sum(sum(file.sizes.values()) for file in left),
        touched_bytes=sum(file.sizes.get(name, 0) for file in left for name in touched),
    )


def _conditions(scope: Scope, alias: str) -> Iterator[exp.Expression]:
    """What every row of a table must fulfil to count for a select."""
    if where := scope.expression.args.get("where"):
        yield where.this
    for join in scope.expression.args.get("joins") or ():
        # An outer join keeps the rows of one side, whatever its condition says of them.
        is_inner = not join.side
        if (on := join.args.get("on")) and (
            is_inner or (join.side == "LEFT" and join.alias_or_name == alias)
        ):
            yield on


def holds(condition: exp.Expression, alias: str, values: dict[str, str]) -> bool | None:
    """Whether a condition holds for the rows of a file, as far as its folders say.

    Args:
        condition: =, <>, in, between, and, or, not of partition columns and texts.
        alias: name of the table in the query.
        values: of the partition columns.

    Returns:
        None where that depends on anything else.
    """

    def value(side: exp.Expression) -> str | None:
        """A text, or the value of a partition column of this table."""
        side = side.unnest()
        if isinstance(side, exp.Literal):
            return side.this
        if isinstance(side, exp.Column) and side.table == alias:
            return values.get(side.name)
        return None

    match condition:
        case exp.Paren():
            return holds(condition.this, alias, values)
        case exp.Not():
            found = holds(condition.this, alias, values)
            return None if found is None else not found
        case exp.And() | exp.Or():
            both = [holds(side, alias, values) for side in (condition.left, condition.right)]
            decisive = isinstance(condition, exp.Or)
            if decisive in both:
                return decisive
            return None if None in both else not decisive
        case exp.In() if not condition.args.get("query"):
            compared = [value(condition.this), *map(value, condition.expressions)]
            return None if None in compared else compared[0] in compared[1:]
        case exp.EQ() | exp.NEQ() | exp.LTE() | exp.GTE():
            left, right = value(condition.left), value(condition.right)
            if left is None or right is None:
                return None
            return {
                exp.EQ: left == right,
                exp.NEQ: left != right,
                exp.LTE: left <= right,
                exp.GTE: left >= right,
            }[type(condition)]
        case exp.Between():
            # The optimizer makes two comparisons of it where it can.
            tested, low, high = map(
                value, (condition.this, condition.args["low"], condition.args["high"])
            )
            return None if None in (tested, low, high) else low <= tested <= high
    return None


def billed_bytes(touched: int) -> int:
    """Bytes that Athena bills: whole MB, and so many at least."""
    return max(SMALLEST_BILL, -(-touched // MB) * MB)


def report(found: Iterable[Reading], price: float) -> Iterator[str]:
    """Lines for the user: a mart each, all together, what is billed.

    Args:
        found: what a query reads.
        price: of a TB.
    """
    found = list(found)
    rows = [
        (part.table, part.n_files, part.n_left_out, part.all_bytes, part.touched_bytes)
        for part in found
    ]
    if len(rows) > 1:
        rows.append(("all", *(sum(row[position] for row in rows) for position in range(1, 5))))
    width = max(len(name) for name, *_ in [("mart",), *rows])
    yield f"{'':<{width}}           left out by    bytes of all   bytes of touched"
    yield f"{'mart':<{width}}   files   partition         columns            columns"
    for name, n_files, n_left_out, of_all, touched in rows:
        yield f"{name:<{width}}  {n_files:>6,}  {n_left_out:>10,}  {of_all:>14,}  {touched:>17,}"
    billed = billed_bytes(sum(part.touched_bytes for part in found))
    yield ""
    yield f"billed  {billed:,} bytes (whole MB, {SMALLEST_BILL // MB} at least)"
    yield f"price   {billed / _TB * price:.6f} at {price:g} per TB"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
