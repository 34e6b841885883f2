"""Published tables and their relations as one system of linear constraints over whole numbers.

Every cell of a measure that a relation names is a variable: a released cell with lower = upper, a
hidden one with the bounds an outsider knows beforehand. Unpublished remainders and totals are
further variables. A constraint says lower <= sum of signed variables <= upper; all signs are +-1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray

CELL, REST, TOTAL = "cell", "rest", "total"


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

    def only_hides_more_than(self, other: System) -> bool:
        """Whether this is the other system, but for further cells that are hidden.

        Then whatever is protected there is protected here: who knows less can rule out less.
        """
        same_cells = (
            self.names == other.names
            and [(b.table, b.measure, b.role, b.first) for b in self.blocks]
            == [(b.table, b.measure, b.role, b.first) for b in other.blocks]
            and self.labels.keys() == other.labels.keys()
            and all(self.labels[table].equals(other.labels[table]) for table in self.labels)
        )
        arrays = ("prior", "con", "var", "sign", "con_lower", "con_upper", "con_relation")
        if not same_cells or not all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in arrays
        ):
            return False
        released = ~self.hidden
        return bool(
            (self.hidden | ~other.hidden).all()
            and (self.lower == other.lower)[released].all()
            and (self.upper == other.upper)[released].all()
        )

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


def pairs_text(names: Iterable[str], values: Iterable[object]) -> str:
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
