"""The fixed metrics of a dataset, from the declaration of its mart.

A reader who adds up `n_subscribers` counts people of two days or areas twice, and skips what is
withheld, so that an area looks smaller than it is. The metrics here give a number or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Types that a number has in a mart.
NUMBERS = {"bigint", "int", "double", "float", "decimal"}
#: Words of a declaration for keys that are areas.
AREAS = ("area", "area_or_none", "later_area", "other_area")
#: What `areas` must say for the areas of a level to add up.
ADD_UP = {"sum", "same_total"}

N_NUMBERS, N_WITHHELD = "n_table_cells", "n_withheld"


@dataclass(frozen=True)
class Metric:
    """A metric as Superset has it.

    Attributes:
        name: as charts name it.
        label: as readers see it.
        expression: SQL over the rows of a group.
        description: one sentence.
    """

    name: str
    label: str
    expression: str
    description: str

    @property
    def number_format(self) -> str:
        """Counts with all their digits, others with three that count."""
        return (
            ",d" if self.name.removeprefix("published_").startswith(("n_", "total_n_")) else ",.3~f"
        )


def metrics_of(model: Mapping[str, Any]) -> list[Metric]:
    """The metrics of a model for readers.

    Args:
        model: its node in dbt's manifest.

    Returns:
        One metric for each measure, one more for each that adds up over areas, and what is
        withheld.
    """
    declared = model["config"]["meta"]
    metrics = [published(measure) for measure in measures_of(model)]
    for measure, rule in declared.get("measures", {}).items():
        if rule.get("areas") in ADD_UP:
            fixed = keys_of_one_total(declared["keys"], rule)
            metrics.append(total(measure, fixed))
    if model["name"] == "count_subscribers_change":
        metrics.append(MEDIAN_CHANGE)
    return [*metrics, *_how_many(model)]


def measures_of(model: Mapping[str, Any]) -> list[str]:
    """The columns with numbers to show: as declared, or all numbers of a view."""
    declared = model["config"]["meta"].get("measures")
    if declared:
        return list(declared)
    columns = model["columns"].values()
    return [column["name"] for column in columns if column["data_type"] in NUMBERS]


def keys_of_one_total(keys: Mapping[str, Any], rule: Mapping[str, Any]) -> list[str]:
    """The keys that may have one value only where the areas of a level are added up."""
    fixed = ["period", "period_start", *keys]
    if rule.get("periods") == "sum":
        fixed.remove("period_start")
    return [key for key in dict.fromkeys(fixed) if keys.get(key) not in AREAS]


def published(measure: str) -> Metric:
    """The number of one row; null for a group of rows, and where it is withheld."""
    return Metric(
        f"published_{measure}",
        label_of(measure),
        f"case when count(*) = 1 then max({measure}) end",
        f"{measure} of one table cell, as published: empty where it is withheld, and where the "
        "group has more than one table cell (fix period, area and the other keys).",
    )


def total(measure: str, fixed: list[str]) -> Metric:
    """The sum over areas (and periods), if nothing of it is withheld."""
    one_of_each = [f"count(distinct {key}) = 1" for key in fixed]
    complete = " and ".join([f"count({measure}) = count(*)", *one_of_each])
    return Metric(
        f"total_{measure}",
        f"total {label_of(measure)}",
        f"case when {complete} then sum({measure}) end",
        f"{measure} of several table cells together: empty where one of them is withheld, and "
        f"where there is more than one {' or '.join(fixed)}.",
    )


#: Days can be compared where they cannot be added up.
MEDIAN_CHANGE = Metric(
    "median_change_percent",
    "median change percent",
    "case when count(change_percent) = count(*) and count(distinct area_level, area_id) = 1 "
    # Not median(): Superset's parser makes a function of it that Spark writes otherwise.
    "then percentile(change_percent, 0.5) end",
    "Median of change_percent over the days of one area: empty where one of the days is withheld, "
    "and where there is more than one area.",
)


def _how_many(model: Mapping[str, Any]) -> list[Metric]:
    rows = Metric(N_NUMBERS, "table cells", "count(*)", "Table cells, withheld ones among them.")
    if "is_suppressed" not in model["columns"]:
        return [rows]
    withheld = Metric(
        N_WITHHELD, "withheld", "count_if(is_suppressed)", "Table cells that are withheld."
    )
    return [rows, withheld]


def label_of(column: str) -> str:
    """A column's name as words: n_subscribers is subscribers."""
    return column.removeprefix("n_").replace("_", " ")
