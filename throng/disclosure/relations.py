"""Which published numbers depend on each other: the relations file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SUM = "sum"
SUM_WITH_REST = "sum_with_rest"
SUM_LESS_REST = "sum_less_rest"
UNION = "union"
SUBSET = "subset"
SAME_SUM = "same_sum"
GROWS = "grows"
RELATION_TYPES = (SUM, SUM_WITH_REST, SUM_LESS_REST, UNION, SUBSET, SAME_SUM, GROWS)
WITHOUT_PARENT = (SAME_SUM, GROWS)

REQUIRED = ("relation_id", "relation_type", "child", "child_measure", "keys")
OPTIONAL = (
    "parent",
    "parent_where",
    "parent_measure",
    "child_where",
    "via",
    "split",
    "description",
)


class AuditError(Exception):
    """What the caller of the audit got wrong, in one sentence."""


@dataclass(frozen=True)
class Key:
    """One pair of a relation's keys.

    Attributes:
        parent_column: Column of the parent table.
        child_expression: DuckDB SQL over the columns of the child and of its `via` table.
    """

    parent_column: str
    child_expression: str


@dataclass(frozen=True)
class Relation:
    """One line of the relations file: a rule that the true numbers of the tables obey.

    Attributes:
        relation_id: Name, unique in the file.
        relation_type: One of RELATION_TYPES.
        child: Table with the parts.
        child_measure: Its column of non-negative integers.
        keys: Which parts belong to which parent.
        parent: Table with the wholes; empty for the types in WITHOUT_PARENT.
        parent_measure: Its column of non-negative integers.
        parent_where: Condition on the parent's rows (DuckDB SQL), empty for all of them.
        child_where: Condition on the child's rows, over the columns of `via` too.
        via: Lookup table that adds columns to the child by all columns that both have; rows
            that it does not name are outside the relation.
        split: Columns or expressions of the child; the parts of each value add up by themselves,
            to the same parent, or for `same_sum` to the same unpublished total.
        description: What it means to a reader.
    """

    relation_id: str
    relation_type: str
    child: str
    child_measure: str
    keys: tuple[Key, ...]
    parent: str = ""
    parent_measure: str = ""
    parent_where: str = ""
    child_where: str = ""
    via: str = ""
    split: tuple[str, ...] = ()
    description: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the relation needs, each once."""
        return tuple(dict.fromkeys(t for t in (self.parent, self.child, self.via) if t))

    @property
    def measures(self) -> tuple[tuple[str, str], ...]:
        """Pairs of table and measure that the relation speaks of."""
        pairs = ((self.parent, self.parent_measure), (self.child, self.child_measure))
        return tuple(pair for pair in pairs if pair[0])


def read_relations(path: Path) -> list[Relation]:
    """The relations of a CSV file.

    Args:
        path: CSV with a header: the columns of REQUIRED, and of OPTIONAL those that are used.

    Returns:
        At least one relation, in the order of the file.

    Raises:
        AuditError: If the file cannot be read, or a line of it cannot be understood.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or []]
            lines = list(reader)
    except OSError as error:
        raise AuditError(f"Cannot read the relations in {path}: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AuditError(f"The relations in {path} are no CSV file in UTF-8: {error}.") from None
    for name in REQUIRED:
        if name not in header:
            raise AuditError(
                f"The relations in {path} have no column {name}; "
                f"the header must have {', '.join(REQUIRED)}."
            )
    for name in header:
        if name not in REQUIRED + OPTIONAL:
            raise AuditError(
                f"The relations in {path} have a column {name}, which means nothing here; "
                f"known are {', '.join(REQUIRED + OPTIONAL)}."
            )
    return parse_relations({k.strip(): v for k, v in line.items() if k} for line in lines)


def parse_relations(lines: Iterable[Mapping[str, str | None]]) -> list[Relation]:
    """The relations of lines with the columns of the file, as text; None and "" are the same.

    Raises:
        AuditError: If a line cannot be understood, or there is none.
    """
    relations: list[Relation] = []
    for line in lines:
        relation = _relation({name: (value or "").strip() for name, value in line.items()})
        if any(relation.relation_id == other.relation_id for other in relations):
            raise AuditError(f"Two relations are called {relation.relation_id}; rename one.")
        relations.append(relation)
    if not relations:
        raise AuditError("There are no relations, so there is nothing to attack with.")
    return relations


def _relation(line: Mapping[str, str]) -> Relation:
    """The relation of one line, checked as far as it can be without the tables."""
    name = line.get("relation_id", "")
    if not name:
        raise AuditError("A relation has no relation_id; give each line of the file a name.")
    relation_type, parent = line.get("relation_type", ""), line.get("parent", "")
    if relation_type not in RELATION_TYPES:
        raise AuditError(
            f"Relation {name} has the relation_type '{relation_type}'; "
            f"known are {', '.join(RELATION_TYPES)}."
        )
    for column in ("child", "child_measure"):
        if not line.get(column):
            raise AuditError(f"Relation {name} names no {column}.")
    if relation_type in WITHOUT_PARENT and parent:
        raise AuditError(
            f"Relation {name} has the type {relation_type}, which has no parent; empty it."
        )
    if relation_type not in WITHOUT_PARENT and not parent:
        raise AuditError(
            f"Relation {name} has the type {relation_type}, which needs a parent; if nobody "
            "publishes the total, use same_sum."
        )
    if parent and not line.get("parent_measure"):
        raise AuditError(f"Relation {name} names no parent_measure.")
    split = tuple(part.strip() for part in line.get("split", "").split(";") if part.strip())
    if relation_type == SAME_SUM and not split:
        raise AuditError(
            f"Relation {name} has the type same_sum, which needs a split: the columns that tell "
            "apart the groups with the same total."
        )
    if relation_type in (SUBSET, GROWS) and split:
        raise AuditError(
            f"Relation {name} has the type {relation_type}, which adds nothing up; empty split."
        )
    keys = tuple(_key(name, part) for part in line.get("keys", "").split(";") if part.strip())
    if not keys and relation_type == GROWS:
        raise AuditError(f"Relation {name} names no keys, so no row has an earlier release.")
    return Relation(
        relation_id=name,
        relation_type=relation_type,
        child=line["child"],
        child_measure=line["child_measure"],
        keys=keys,
        parent=parent,
        parent_measure=line.get("parent_measure", "") if parent else "",
        parent_where=line.get("parent_where", ""),
        child_where=line.get("child_where", ""),
        via=line.get("via", ""),
        split=split,
        description=line.get("description", ""),
    )


def _key(relation: str, text: str) -> Key:
    """The pair `column` or `parent_column=child_expression`."""
    left, equals, right = (part.strip() for part in text.partition("="))
    if not left or (equals and not right):
        raise AuditError(
            f"Relation {relation}: '{text.strip()}' is no key; write parent_column=child_expression"
            ", or one name if both sides have it."
        )
    return Key(left, right if equals else _quoted(left))


def _quoted(name: str) -> str:
    """A column name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'
