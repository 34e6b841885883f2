"""The search for relations before a release is attacked.

It reads the candidates, exact and whole: what adds up there is what an outsider may guess. What it
finds joins the attack as if it were declared. Nothing else of a candidate reaches the attack.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from throng.disclosure.discovery import (
    TableShape,
    broken_relations,
    find_relations,
    lookup_tables,
)
from throng.disclosure.relations import SUM, AuditError, Key, Relation
from throng.release.warehouse import Warehouse

# What columns of a mart are (protected.mart_columns): keys, and numbers that add up as they are.
# Of a rough count the published number says less than the candidate's, so it is no equation.
KEY_ROLES = ("period", "period_start", "area_level", "area", "value", "feature")
COUNTS = ("head_count", "number")
MEANS = ("mean", "moment")

#: Every period but hours, longest first, with its first and last day in the study.
PERIODS_WITH_THEIR_DAYS = """
select
    periods.period,
    cast(periods.period_start as string) as period_start,
    cast(greatest(cast(periods.period_start as date), study.study_start_date) as string) as first,
    cast(case periods.period
        when 'reference' then study.home_end_date
        else least(study.study_end_date, case periods.period
            when 'study' then study.study_end_date
            when 'month' then last_day(periods.period_start)
            when 'week' then date_add(periods.period_start, 6)
            else periods.period_start
        end)
    end as string) as last
from protected.int_study_periods as periods
cross join protected.int_study_window as study
where periods.period <> 'hour'
order by
    array_position(array('study', 'reference', 'month', 'week', 'day'), periods.period),
    periods.period_start
"""


@dataclass(frozen=True)
class Search:
    """What the search found.

    Attributes:
        relations: what is not declared already, to be attacked with.
        lookups: tables that those relations need, by name.
        unexplained: one sentence for each sum that is neither declared nor follows from what is:
            what adds up to what, and how to declare it.
    """

    relations: list[Relation]
    lookups: dict[str, pa.Table]
    unexplained: list[str]


def search_relations(
    warehouse: Warehouse,
    lookups: dict[str, pa.Table],
    declared: Sequence[Relation],
    tell: Callable[[str], None],
) -> Search:
    """Look for sums that hold in the candidates of the last build.

    Args:
        lookups: which area, or pair of areas, lies in which.
        declared: the relations that the marts declare.
        tell: called with a line of text now and then.

    Raises:
        AuditError: the candidates break a declared relation.
    """
    shapes = read_shapes(warehouse)
    same_days = periods_of_the_same_days(warehouse, shapes)
    declared = [*declared, *same_days]
    candidates = {shape.name: read_candidate(warehouse, shape) for shape in shapes}
    tables = {**candidates, **lookups}
    broken = broken_relations(tables, declared)
    if broken:
        raise AuditError(
            f"{broken[0]} The relation is declared, and the tables of the last build break it: "
            "correct the declaration of the mart, or what it counts."
        )
    found = find_relations(tables, shapes, declared, tell)
    new = [one for one in found if not one.explained]
    tell(f"{len(found):,} sums hold in the data, {len(new):,} of them beside what is declared")
    return Search(
        relations=[*same_days, *(one.relation for one in new if one.is_count)],
        lookups=lookup_tables(tables, shapes) if new else {},
        unexplained=[one.sentence for one in new],
    )


def read_shapes(warehouse: Warehouse) -> list[TableShape]:
    """What the columns of each mart are, as the last build wrote it down."""
    columns: dict[str, list[tuple[str, str, str]]] = {}
    for mart, name, role, mean_of in warehouse.query(
        "select mart, column_name, role, mean_of from protected.mart_columns order by mart"
    ):
        columns.setdefault(mart, []).append((name, role, mean_of))
    shapes = []
    for mart, mine in columns.items():
        counts = tuple(name for name, role, _ in mine if role in COUNTS)
        shapes.append(
            TableShape(
                name=mart,
                keys={name: role for name, role, _ in mine if role in KEY_ROLES},
                counts=counts,
                # A mean gives a sum away where its number is published as it is.
                means={name: of for name, role, of in mine if role in MEANS and of in counts},
            )
        )
    return shapes


def read_candidate(warehouse: Warehouse, shape: TableShape) -> pa.Table:
    """The keys and numbers of a candidate, one row per cell with people.

    A candidate may have features that are not published and that a rule reads: they are left out.
    """
    columns = dict.fromkeys([*shape.keys, *shape.counts, *shape.means, *shape.means.values()])
    table = warehouse.frame(f"protected.candidate_{shape.name}", list(columns))
    features = [name for name, role in shape.keys.items() if role == "feature"]
    if features:
        published = warehouse.frame(f"protected.release_{shape.name}", features)
        for name in features:
            table = table.filter(pc.is_in(table[name], published[name].unique()))
    return table


def periods_of_the_same_days(warehouse: Warehouse, shapes: Sequence[TableShape]) -> list[Relation]:
    """The relations of periods that have the same days of the study: they hold the same people.

    The study may lie in one week or month, or its reference period may be one of its weeks. No mart
    can declare them, since they depend on the dates of the study.
    """
    same_days: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for period, start, first, last in warehouse.query(PERIODS_WITH_THEIR_DAYS):
        same_days.setdefault((first, last), []).append((period, start))
    held = warehouse.query(
        "select mart, period from protected.release_partitions group by mart, period"
    )
    relations = []
    for shape in shapes:
        keys = [name for name in shape.keys if name not in ("period", "period_start")]
        for periods in same_days.values():
            mine = [one for one in periods if (shape.name, one[0]) in held]
            for count, ((whole, start), (part, part_start)) in itertools.product(
                shape.counts, itertools.pairwise(mine)
            ):
                relations.append(
                    Relation(
                        relation_id=f"{shape.name}_{count}_{whole}_is_{part}_{part_start[:10]}",
                        relation_type=SUM,
                        parent=shape.name,
                        parent_where=_is_period(whole, start),
                        parent_measure=count,
                        child=shape.name,
                        child_where=_is_period(part, part_start),
                        child_measure=count,
                        keys=tuple(Key(name, f'"{name}"') for name in keys),
                        description="Both periods have the same days of the study",
                    )
                )
    return relations


def _is_period(period: str, start: str) -> str:
    """The condition on rows of one period."""
    return f"period = '{period}' and period_start = timestamp '{start}'"
