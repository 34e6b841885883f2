"""The audit of a release: our own attacker, with nothing but what a reader would have.

Read are the tables that would be published, the tables of earlier releases that they revise, which
area lies in which, and the registered relations. Nothing of a candidate is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from throng.disclosure.attack import Cache
from throng.disclosure.audit import Audit
from throng.disclosure.relations import read_relations
from throng.disclosure.repair import MAX_ROUNDS, Repair, repair
from throng.release.warehouse import Warehouse

RELATIONS = Path("seeds/disclosure_relations.csv")
# A text of SQL with more values than this takes Spark long to read.
_ROWS_PER_INSERT = 500

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Attack:
    """What the attack found.

    Attributes:
        repair: the audit of the tables as they are (`before`); where that fails, what to withhold
            and the audit with it.
        table_cells: ids of the cells to withhold.
    """

    repair: Repair
    table_cells: list[str]

    @property
    def audit(self) -> Audit:
        """The audit of the tables as they are."""
        return self.repair.before


def attack_release(
    warehouse: Warehouse, tell: Tell, cache: Cache, *, find_repairs: bool = True
) -> Attack | None:
    """Attack what the plan would publish (protected.release_plan); None if that is nothing.

    Args:
        tell: called with a line of text now and then.
        cache: what was found out so far; kept from one turn to the next.
        find_repairs: where the attack finds something, look for what to withhold.

    Raises:
        AuditError: tables and relations do not fit each other.
    """
    [(min_group_size, rounding_base, mechanism)] = warehouse.query(
        "select min_group_size, rounding_base, mechanism from protected.release_settings"
    )
    if mechanism == "dp_laplace":
        tell("dp_laplace: every number has noise of its own, so there is nothing to work out")
        return None
    tables = dict(_tables(warehouse))
    if not tables:
        return None
    known = {name.partition("@")[0] for name in tables}
    relations = [
        relation for relation in read_relations(RELATIONS) if set(relation.tables) <= known
    ]
    tell(f"attacking {sum(len(table) for table in tables.values()):,} rows of {len(tables)} tables")
    repaired = repair(
        tables,
        relations,
        min_group_size,
        MAX_ROUNDS if find_repairs else 0,
        tolerance=_tolerance(tables, rounding_base, mechanism),
        skip_missing=True,
        workers=os.cpu_count() or 1,
        progress=tell,
        cache=cache,
    )
    cells = {
        tables[table]["table_cell"][row].as_py()
        for table, row in zip(repaired.cells["table"], repaired.cells["row"], strict=True)
        if "table_cell" in tables[table].column_names
    }
    return Attack(repaired, sorted(cells - {None}))


def _tables(warehouse: Warehouse) -> Iterator[tuple[str, pa.Table]]:
    """The tables of the draft, of the earlier releases it revises, and the public lookups."""
    plan = warehouse.query(
        "select mart, decision, published_in, count(*) from protected.release_plan "
        "where decision in ('new', 'revision') group by mart, decision, published_in"
    )
    revised = {(mart, earlier) for mart, _, earlier, _ in plan if earlier}
    # Named like the next release: what grows, grows in the order of these names.
    draft = f"@r{int(max(earlier for _, earlier in revised)[1:]) + 1:04}" if revised else ""
    for mart in sorted({mart for mart, *_ in plan}):
        columns = _columns(warehouse, f"protected.release_{mart}")
        table = warehouse.frame(f"protected.release_{mart}", columns)
        yield f"{mart}{draft}", _planned(warehouse, mart, table)
    for mart, earlier in sorted(revised):
        columns = _columns(warehouse, f"released.{mart}")
        columns.remove("release_id")
        table = warehouse.frame(f"released.{mart}", columns, f"release_id = '{earlier}'")
        yield f"{mart}@{earlier}", _planned(warehouse, mart, table)
    if plan:
        parents = ["area_level", "area_id", "parent_level", "parent_area_id"]
        yield "area_parents", warehouse.frame("protected.int_area_parents", parents)


def _columns(warehouse: Warehouse, table: str) -> list[str]:
    return [name for name, *_ in warehouse.query(f"show columns in {table}")]


def _planned(warehouse: Warehouse, mart: str, table: pa.Table) -> pa.Table:
    """The rows of the periods that are to be published."""
    skipped = warehouse.query(
        "select period, cast(period_start as string) from protected.release_plan "
        f"where mart = '{mart}' and decision not in ('new', 'revision')"
    )
    if not skipped:
        return table
    starts = pc.strftime(table["period_start"].cast(pa.timestamp("s")), "%Y-%m-%d %H:%M:%S")
    keys = pc.binary_join_element_wise(table["period"], starts, " ")
    left_out = pa.array([f"{period} {start[:19]}" for period, start in skipped])
    return table.filter(pc.invert(pc.is_in(keys, left_out)))


def _tolerance(tables: Iterable[str], rounding_base: int, mechanism: str) -> dict[str, float]:
    """How far a published number may be from the true one, by table."""
    noise = 5.0 if mechanism == "cell_key" else 0.0
    width = rounding_base / 2 + noise
    return {name: width for name in tables if name != "area_parents"} if width else {}


def record_findings(warehouse: Warehouse, attack: Attack) -> None:
    """Write the cells found, and those to withhold for it, into protected tables."""
    warehouse.query("drop table if exists protected.disclosure_findings")
    warehouse.query(
        "create table protected.disclosure_findings (mart string, keys string, measure string, "
        "least bigint, most bigint, verdict string, relations string) using parquet"
    )
    found = attack.audit.failing()
    columns = ["table", "keys", "measure", "lower", "upper", "verdict", "relations"]
    rows = found[columns].itertuples(index=False, name=None)
    _insert(warehouse, "protected.disclosure_findings", list(rows))
    _insert(warehouse, "protected.disclosure_repairs", [(cell,) for cell in attack.table_cells])


def _insert(warehouse: Warehouse, table: str, rows: list[tuple[str | float, ...]]) -> None:
    for first in range(0, len(rows), _ROWS_PER_INSERT):
        values = ", ".join(
            "(" + ", ".join(_literal(value) for value in row) + ")"
            for row in rows[first : first + _ROWS_PER_INSERT]
        )
        warehouse.query(f"insert into {table} values {values}")


def _literal(value: str | float) -> str:
    """A text or a bound (a whole number, or without limit) as SQL."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"{value:.0f}" if abs(value) < float("inf") else "null"
