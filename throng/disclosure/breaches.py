"""Declared relations that complete tables break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from throng.disclosure import relations as types
from throng.disclosure.reading import base
from throng.disclosure.relations import AuditError, Relation

# In which direction the sum of the parts may differ from the whole.
_BROKEN = {
    types.SUM: "whole <> parts",
    types.SAME_SUM: "whole <> parts",
    types.SUM_WITH_REST: "whole < parts",
    types.SUM_LESS_REST: "whole > parts",
    types.UNION: "whole > parts or whole < largest",
    types.SUBSET: "whole < largest",
}
_SAYS = {
    types.SUM: "is not the sum",
    types.SAME_SUM: "is not the sum of another group",
    types.SUM_WITH_REST: "is less than the sum",
    types.SUM_LESS_REST: "is more than the sum",
    types.UNION: "is more than the sum or less than a part of it",
    types.SUBSET: "is less than its part",
}


def broken_relations(tables: Mapping[str, pa.Table], declared: Sequence[Relation]) -> list[str]:
    """Sentences on the declared relations that some tables break, one per relation.

    Args:
        tables: By name, complete: every cell with people has a row, a missing row is a zero.
            A relation of which a table is missing or empty is not asked, nor is `grows`, which is
            about two releases.
        declared: Relations.

    Returns:
        Relation, number of places, and of the first one the keys and both numbers.

    Raises:
        AuditError: If a relation cannot be read as SQL over the tables.
    """
    return list(breaches(tables, declared).values())


def breaches(tables: Mapping[str, pa.Table], declared: Sequence[Relation]) -> dict[str, str]:
    """Relation id to sentence, as `broken_relations`, of those that are broken."""
    latest = {base(name): table for name, table in sorted(tables.items())}
    sentences: dict[str, str] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in latest.items():
            connection.register(f"arrow {name}", table)
            connection.execute(f"create view {_q(name)} as from {_q(f'arrow {name}')}")
        for relation in declared:
            needed = [name for name in (relation.parent, relation.child) if name]
            if relation.via and relation.via not in latest:
                continue
            if relation.relation_type not in _BROKEN or any(
                not len(latest.get(n, ())) for n in needed
            ):
                continue
            try:
                sentence = _breach(connection, latest, relation)
            except duckdb.Error as error:
                message = str(error).strip().splitlines()[0].rstrip(".")
                raise AuditError(
                    f"Relation {relation.relation_id} cannot be read as SQL: {message}."
                ) from None
            if sentence:
                sentences[relation.relation_id] = sentence
    return sentences


def _breach(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table], relation: Relation
) -> str:
    """The sentence on one relation, empty if it holds."""
    keys = [f"k{i}" for i in range(len(relation.keys))]
    splits = [f"s{i}" for i in range(len(relation.split))]
    by = ", ".join([*keys, *splits])
    expressions = [f"{key.child_expression} as k{i}" for i, key in enumerate(relation.keys)]
    expressions += [f"{text} as s{i}" for i, text in enumerate(relation.split)]
    children = (
        f"select {', '.join([*expressions, '0 as one'])}, {_q(relation.child_measure)} as n "
        f"from ({_children(tables, relation)}) as c"
    )
    # A null among the keys is a value like any other.
    sums = (
        f"select {', '.join([*keys, *splits, '1 as one'])}, sum(n) as parts, max(n) as largest "
        f"from ({children}) group by {by or '()'}"
    )
    if relation.relation_type == types.SAME_SUM:
        over = f"partition by {', '.join(keys)}" if keys else ""
        query = (
            f"select {', '.join([*keys, *splits]) or '1'}, whole, parts from (select *, "
            f"first_value(parts) over ({over} order by {', '.join(splits)}) as whole "
            f"from ({sums})) where {_BROKEN[relation.relation_type]} order by all"
        )
    else:
        query = _compared(tables, relation, keys, splits, sums)
    rows = connection.execute(query).fetchall()
    if not rows:
        return ""
    *place, whole, parts = rows[0]
    names = [key.parent_column for key in relation.keys] + [t.strip('"') for t in relation.split]
    text = "; ".join(f"{n}={v}" for n, v in zip(names, place, strict=False)) or "all rows"
    owner = relation.parent or relation.child
    return (
        f"Relation {relation.relation_id} is declared but does not hold; places: {len(rows):,}, "
        f"e.g. {owner} ({text}): {whole:,} {_SAYS[relation.relation_type]}, {parts:,}, "
        f"of {relation.child}."
    )


def _compared(
    tables: Mapping[str, pa.Table],
    relation: Relation,
    keys: list[str],
    splits: list[str],
    sums: str,
) -> str:
    """The query of places where wholes and sums of parts do not fit each other."""
    columns = [f"{_q(key.parent_column)} as k{i}" for i, key in enumerate(relation.keys)]
    where = f" where ({relation.parent_where})" if relation.parent_where else ""
    wholes = (
        f"select {', '.join([*columns, '1 as one'])}, {_q(relation.parent_measure)} as whole "
        f"from {_q(relation.parent)}{where}"
    )
    same = " and ".join(["p.one = c.one", *(f"p.{k} is not distinct from c.{k}" for k in keys)])
    asked = ["true"]
    if relation.via:
        # A lookup table decides itself which wholes it speaks of.
        named = [
            (i, key.child_expression)
            for i, key in enumerate(relation.keys)
            if _plain(key.child_expression) in _new_columns(tables, relation)
        ]
        if named:
            fits = " and ".join(f"v.{text} is not distinct from k{i}" for i, text in named)
            asked.append(f"exists (select 1 from {_q(relation.via)} as v where {fits})")
    for i, key in enumerate(relation.keys):
        # Periods that only one of the tables has are not asked.
        if key.parent_column in tables[relation.parent].column_names and _is_time(
            tables[relation.parent], key.parent_column
        ):
            asked.append(f"k{i} in (select k{i} from sums) and k{i} in (select k{i} from wholes)")
    chosen = [f"coalesce(p.{k}, c.{k}) as {k}" for k in keys] + [f"c.{s}" for s in splits]
    start = ", ".join([*chosen, ""])
    return (
        f"with wholes as materialized ({wholes}), sums as materialized ({sums}) "
        f"select {', '.join([*keys, *splits, 'whole', 'parts'])} from ("
        f"select {start}coalesce(whole, 0) as whole, coalesce(parts, 0) as parts, "
        f"coalesce(largest, 0) as largest from wholes as p full join sums as c on {same}) "
        f"where ({_BROKEN[relation.relation_type]}) and {' and '.join(asked)} order by all"
    )


def _children(tables: Mapping[str, pa.Table], relation: Relation) -> str:
    """The child's rows with the columns of `via`, filtered."""
    source = _q(relation.child)
    where = f" where ({relation.child_where})" if relation.child_where else ""
    if relation.via:
        columns = tables[relation.child].column_names
        shared = [c for c in columns if c in tables[relation.via].column_names]
        if not shared:
            raise AuditError(
                f"Relation {relation.relation_id}: {relation.via} has no column in common with "
                f"{relation.child}."
            )
        same = " and ".join(f"c.{_q(c)} is not distinct from v.{_q(c)}" for c in shared)
        new = "".join(f", v.{_q(c)}" for c in _new_columns(tables, relation))
        source = f"(select c.*{new} from {source} as c join {_q(relation.via)} as v on {same})"
    return f"select * from {source} as child{where}"


def _new_columns(tables: Mapping[str, pa.Table], relation: Relation) -> list[str]:
    """The columns that `via` adds to the child."""
    own = tables[relation.child].column_names
    return [c for c in tables[relation.via].column_names if c not in own]


def _is_time(table: pa.Table, column: str) -> bool:
    """Whether a column holds dates or times."""
    return pa.types.is_temporal(table.schema.field(column).type)


def _plain(expression: str) -> str:
    """A column name without its quotes."""
    return expression.strip('"')


def _q(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'
