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
    """The relations of a study that lies in one week or month: both hold the same people.

    No mart can declare them, since they depend on the dates of the study.
    """
    whole = [
        period
        for (period,) in warehouse.query(
            "select period from protected.int_study_periods where period <> 'hour' "
            "group by period having count(*) = 1 order by period = 'study' desc, period"
        )
    ]
    held = warehouse.query(
        "select mart, period from protected.release_partitions group by mart, period"
    )
    relations = []
    for shape in shapes:
        mine = [period for period in whole if (shape.name, period) in held]
        keys = [name for name in shape.keys if name not in ("period", "period_start")]
        for count in shape.counts:
            for first, second in itertools.pairwise(mine):
                relations.append(
                    Relation(
                        relation_id=f"{shape.name}_{count}_{first}_is_{second}",
                        relation_type=SUM,
                        parent=shape.name,
                        parent_where=f"period = '{first}'",
                        parent_measure=count,
                        child=shape.name,
                        child_where=f"period = '{second}'",
                        child_measure=count,
                        keys=tuple(Key(name, f'"{name}"') for name in keys),
                        description="The study has the same days as its only week or month",
                    )
                )
    return relations
