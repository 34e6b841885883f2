"""The audit of a release: our own attacker, with nothing but what a reader would have.

It reads the tables as readers would see them, the tables as they were before a release that is
revised, which area lies in which, the relations that the marts declare, and those that are found in
the data: an outsider may guess whatever is true.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from throng.disclosure.audit import Audit
from throng.disclosure.relations import OPTIONAL, REQUIRED, Relation, parse_relations
from throng.disclosure.repair import MAX_ROUNDS, Repair, repair
from throng.disclosure.solver import Cache
from throng.release.search import Search, search_relations
from throng.release.warehouse import Warehouse

# Which area, or pair of areas, lies in which: public, and no numbers of people.
LOOKUPS = {
    "area_parents": ("area_level", "area_id", "parent_level", "parent_area_id"),
    "area_families": ("area_level", "area_id", "parent_level", "parent_area_id"),
    "area_pair_parents": (
        *("area_level", "from_area_id", "to_area_id"),
        *("parent_level", "parent_from_area_id", "parent_to_area_id"),
    ),
}
# Decisions of the plan that put a period before readers.
PUBLISHED = ("new", "revision")
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
        search: the relations that were found in the data.
    """

    repair: Repair
    table_cells: list[str]
    search: Search

    @property
    def audit(self) -> Audit:
        """The audit of the tables as they are."""
        return self.repair.before


def attack_release(
    warehouse: Warehouse,
    tell: Tell,
    cache: Cache,
    *,
    find_repairs: bool = True,
    search: Search | None = None,
    before: Audit | None = None,
) -> Attack | None:
    """Attack what the plan would publish (protected.release_plan); None if that is nothing.

    Args:
        tell: called with a line of text now and then.
        cache: what was found out so far; kept from one turn to the next.
        find_repairs: where the attack finds something, look for what to withhold.
        search: the relations found before; the candidates are the same in every turn.
        before: the audit of the turn before, with the cells withheld that it asked for. Where the
            tables publish the same numbers or fewer, what it found protected is left out.

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
    declared = declared_relations(warehouse)
    if search is None:
        search = search_relations(warehouse, lookups(warehouse), declared, tell)
    tables |= search.lookups
    known = {name.partition("@")[0] for name in tables}
    relations = [
        relation for relation in [*declared, *search.relations] if set(relation.tables) <= known
    ]
    tell(f"attacking {sum(len(table) for table in tables.values()):,} rows of {len(tables)} tables")
    repaired = repair(
        tables,
        relations,
        min_group_size,
        MAX_ROUNDS if find_repairs else 0,
        tolerance=_tolerance(tables, rounding_base, mechanism),
        skip_missing=True,
        last_resort=_whole_country(warehouse),
        workers=os.cpu_count() or 1,
        progress=tell,
        cache=cache,
        before=before,
    )
    cells = {
        tables[table]["table_cell"][row].as_py()
        for table, row in zip(repaired.cells["table"], repaired.cells["row"], strict=True)
        if "table_cell" in tables[table].column_names
    }
    return Attack(repaired, sorted(cells - {None}), search)


def declared_relations(warehouse: Warehouse) -> list[Relation]:
    """What the marts declare, as the last build wrote it down (protected.disclosure_relations).

    Raises:
        AuditError: a relation cannot be understood.
        ReleaseError: there is no build yet.
    """
    columns = [*REQUIRED, *OPTIONAL]
    rows = warehouse.query(f"select {', '.join(columns)} from protected.disclosure_relations")
    return parse_relations(dict(zip(columns, row, strict=True)) for row in rows)


Period = tuple[str, str]  # as in marts: period, period_start


def _tables(warehouse: Warehouse) -> Iterator[tuple[str, pa.Table]]:
    """What readers will see, what they saw before each release that is revised, public lookups.

    They see the periods that are to be published, and of the others what was published before: sums
    hold between all of them.
    """
    plan: dict[str, dict[Period, tuple[str, str | None]]] = {}
    for mart, period, start, decision, published_in in warehouse.query(
        "select mart, period, cast(period_start as string), decision, published_in "
        "from protected.release_plan"
    ):
        plan.setdefault(mart, {})[period, start[:19]] = decision, published_in
    decisions = [decided for periods in plan.values() for decided in periods.values()]
    if not any(decision in PUBLISHED for decision, _ in decisions):
        return
    ledger = _ledger(warehouse)
    revised = sorted(
        {earlier for decision, earlier in decisions if decision == "revision"} - {None}
    )
    # Named like the next release: what grows, grows in the order of these names.
    draft = f"@r{int(max(release for *_, release, _ in ledger)[1:]) + 1:04}" if revised else ""
    for mart, periods in sorted(plan.items()):
        mine = [
            (period, release, status) for name, period, release, status in ledger if name == mart
        ]
        to_publish = {("", *p) for p, (decision, _) in periods.items() if decision in PUBLISHED}
        kept = {
            (release, *period)
            for period, release, status in mine
            if status == "published" and ("", *period) not in to_publish and period in periods
        }
        new = _rows(warehouse, f"protected.release_{mart}", to_publish)
        old = _rows(warehouse, f"released.{mart}", kept)
        yield f"{mart}{draft}", pa.concat_tables([new, old], promote_options="default")
        for earlier in revised:
            latest = {
                period: release
                for period, release, _ in sorted(mine, key=lambda entry: entry[1])
                if release <= earlier and period in periods
            }
            then = {(release, *period) for period, release in latest.items()}
            if then:
                yield f"{mart}@{earlier}", _rows(warehouse, f"released.{mart}", then)
    yield from lookups(warehouse).items()


def lookups(warehouse: Warehouse) -> dict[str, pa.Table]:
    """The tables of LOOKUPS by name."""
    return {
        name: warehouse.frame(f"protected.int_{name}", columns) for name, columns in LOOKUPS.items()
    }


def _ledger(warehouse: Warehouse) -> list[tuple[str, Period, str, str]]:
    """Mart, period, release and status of everything ever released."""
    rows = warehouse.query(
        "select mart, period, cast(period_start as string), release_id, status from released.ledger"
    )
    return [
        (mart, (period, start[:19]), release, status)
        for mart, period, start, release, status in rows
    ]


def _rows(warehouse: Warehouse, table: str, wanted: set[tuple[str, str, str]]) -> pa.Table:
    """The rows of some releases ("" where the table knows none) and periods."""
    columns = [name for name, *_ in warehouse.query(f"show columns in {table}")]
    where = "true"
    if "release_id" in columns:  # a partition each: the others are not read
        releases = sorted({f"'{release}'" for release, *_ in wanted})
        where = f"release_id in ({', '.join(releases)})" if releases else "false"
    # From one build to the next, files hold the rows in another order.
    found = warehouse.frame(table, columns, where, in_order=True)
    starts = pc.strftime(found["period_start"].cast(pa.timestamp("s")), "%Y-%m-%d %H:%M:%S")
    release = found["release_id"] if "release_id" in columns else pa.scalar("")
    keys = pc.binary_join_element_wise(release, found["period"], starts, " ")
    found = found.filter(pc.is_in(keys, pa.array([" ".join(key) for key in wanted], pa.string())))
    return found.drop_columns(["release_id"]) if "release_id" in columns else found


def _whole_country(warehouse: Warehouse) -> set[str]:
    """The marts with a single row for each period: whether it is complete depends on them."""
    rows = warehouse.query(
        "select mart from protected.mart_columns group by mart "
        "having count_if(role in ('area', 'area_level', 'value', 'feature')) = 0"
    )
    return {mart for (mart,) in rows}


def _tolerance(tables: Iterable[str], rounding_base: int, mechanism: str) -> dict[str, float]:
    """How far a published number may be from the true one, by table."""
    noise = 5.0 if mechanism == "cell_key" else 0.0
    width = rounding_base / 2 + noise
    is_lookup = tuple(LOOKUPS)  # and those that the search makes of them
    return {name: width for name in tables if not name.startswith(is_lookup)} if width else {}


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
