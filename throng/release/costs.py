"""`throng release costs`: what the smallest group, rounding and noise cost.

The gate is run over the candidates of the last build once for each setting. At the end it is run
with the study's own vars, so that the release tables are what was tested and audited.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from throng.release.chart import Bar, bars
from throng.release.feeds import with_feeds
from throng.release.warehouse import (
    ReleaseError,
    Warehouse,
    open_warehouse,
    plain_errors,
    project_file,
    run_dbt,
    study_vars,
)

COUNTRY = "country"
# What a mart's columns are called that are keys (protected.mart_columns).
KEY_ROLES = ("period", "period_start", "area_level", "area", "value", "feature")
HEADER = (
    "cells with people",
    "small % cells",
    "others % cells",
    "small % people",
    "others % people",
    "published cells",
    "mean error",
)
# What each option is tried with where --vars says nothing of it.
OPTIONS = {
    "round": {"rounding_base": 10},
    "key": {"noise_mechanism": "cell_key"},
    "dp": {"noise_mechanism": "dp_laplace", "dp_epsilon": 1.0, "dp_max_areas": 3},
}


@dataclass(frozen=True)
class Setting:
    """Vars of one run of the gate.

    Attributes:
        name: in tables and below bars.
        size: the smallest group.
        variables: dbt vars.
    """

    name: str
    size: int
    variables: dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """What one setting costs one mart at one area level.

    Cells are those with people in them; people are the sum of their head counts, so somebody who
    is in several cells counts in each. Small cells have fewer people than the smallest group; other
    cells are withheld to protect them, or because differential privacy does not cover them.
    Published cells may have nobody in them (noise); error is the sum over them of how far the
    published head count is from the true one.
    """

    setting: str
    mart: str
    level: str
    cells: int
    people: int
    small_cells: int
    small_people: int
    other_cells: int
    other_people: int
    published_cells: int
    error: int


def costs(
    sizes: Annotated[str, typer.Option(help="Smallest groups to compare.")] = "5,10,16,30",
    options: Annotated[
        bool,
        typer.Option(
            "--options", help="Also rounding, cell keys and dp_laplace, with the smallest group."
        ),
    ] = False,
    variables: Annotated[
        str, typer.Option("--vars", help="dbt vars of the study, as for dbt build, in YAML.")
    ] = "{}",
    by_mart: Annotated[
        bool, typer.Option("--by-mart", help="Shares of each mart, not of each area level.")
    ] = False,
    chart: Annotated[
        Path | None, typer.Option(help="Draw the shares of each level here, as SVG.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Write numbers by size, mart and level here.")
    ] = None,
) -> None:
    """Show what the smallest group and the options withhold, and how exact the rest is.

    Give the same --vars as to build. What the audit asked to withhold stays withheld at every
    size, and counts among the others.
    """
    with plain_errors():
        study = study_vars(variables)
        found = measure([*_of_sizes(_sizes(sizes)), *(_options(study) if options else [])], study)
        for line in _lines(found, _by_mart if by_mart else _by_level):
            typer.echo(line)
        try:
            if table:
                write_csv(found, table)
            if chart:
                chart.write_text(draw(found), encoding="utf-8")
        except OSError as error:
            raise ReleaseError(f"cannot write {error.filename}: {error.strerror}.") from None


def _of_sizes(sizes: Sequence[int]) -> list[Setting]:
    return [Setting(f"{size}", size, {"min_group_size": size}) for size in sizes]


def _options(study: dict[str, Any]) -> list[Setting]:
    """The options, each with the smallest group and the vars of the study."""
    project = yaml.safe_load(project_file().read_text(encoding="utf-8"))
    size = study.get("min_group_size", project["vars"]["min_group_size"])
    tried = {}
    for name, option in OPTIONS.items():
        given = {key: study[key] for key in option if key in study and key != "noise_mechanism"}
        tried[name] = {**option, **given}
    return [Setting(name, size, variables) for name, variables in tried.items()]


def measure(settings: Sequence[Setting], study: dict[str, Any]) -> list[Cost]:
    """The costs of each setting. The release tables are the study's own again at the end.

    Raises:
        ReleaseError: there is no build yet, or the vars are not those of it.
    """
    with open_warehouse() as warehouse:
        before = _n_suppressed(warehouse)
        study = with_feeds(warehouse, study)
    found: list[Cost] = []
    try:
        for setting in settings:
            _run_gate({**study, **setting.variables})
            # A session of its own for each setting: an old one would look for the old files.
            with open_warehouse() as warehouse:
                here = list(_costs(warehouse, setting))
            found += here
            said = ", ".join(f"{name} {value}" for name, value in setting.variables.items())
            typer.echo(f"  {said}: {_withheld(here):.1%} of the cells withheld", err=True)
    finally:
        _run_gate(study)
    with open_warehouse() as warehouse:
        if _n_suppressed(warehouse) != before:
            raise ReleaseError(
                "The release tables are not as they were before: these --vars are not those of the "
                "build, or this command was stopped on its way once. Run: throng release build"
            )
    return found


def _run_gate(variables: dict[str, Any]) -> None:
    """Decide again what may be published; candidates, and what readers see, stay as they are."""
    run_dbt(
        "run", "--select", "int_withheld_cells+", "--vars", yaml.safe_dump(variables), quiet=True
    )


def _marts(warehouse: Warehouse) -> dict[str, list[str]]:
    """The marts of the last build by name, each with its key columns."""
    keys: dict[str, list[str]] = {}
    for mart, column, role in warehouse.query(
        "select mart, column_name, role from protected.mart_columns order by mart"
    ):
        keys.setdefault(mart, []).extend([column] if role in KEY_ROLES else [])
    return keys


def _n_suppressed(warehouse: Warehouse) -> dict[str, int]:
    """Number of rows without a number, by mart."""
    counts = {}
    for mart in _marts(warehouse):
        sql = f"select count_if(is_suppressed) from protected.release_{mart}"
        [(counts[mart],)] = warehouse.query(sql)
    return counts


def _costs(warehouse: Warehouse, setting: Setting) -> Iterator[Cost]:
    """What the gate withholds, by mart and level; levels from the coarsest to the finest."""
    levels = warehouse.query(
        "select area_level from protected.int_area_list group by area_level "
        "order by count(*), area_level"
    )
    order = [COUNTRY, *(level for (level,) in levels)]
    for mart, keys in _marts(warehouse).items():
        rows = warehouse.query(_costs_sql(mart, keys, setting.size))
        for level, *counts in sorted(rows, key=lambda row: order.index(row[0])):
            yield Cost(setting.name, mart, level, *counts)


def _costs_sql(mart: str, keys: Sequence[str], size: int) -> str:
    """Cells and people of a candidate, and what became of them in the release."""
    same = " and ".join(f"candidates.{key} <=> releases.{key}" for key in keys)
    level = "releases.area_level" if "area_level" in keys else f"'{COUNTRY}'"
    return f"""
        with cells as (
            select
                {level} as level,
                releases.n_subscribers as n_released,
                candidates.n_subscribers as n,
                candidates.n_subscribers < {size} and releases.is_suppressed as is_small,
                candidates.n_subscribers >= {size} and releases.is_suppressed as is_other
            from protected.release_{mart} as releases
            left join protected.candidate_{mart} as candidates on {same}
        )
        select
            level,
            count(n),
            coalesce(sum(n), 0),
            count_if(is_small),
            coalesce(sum(n) filter (where is_small), 0),
            count_if(is_other),
            coalesce(sum(n) filter (where is_other), 0),
            count(n_released),
            coalesce(sum(abs(n_released - coalesce(n, 0))), 0)
        from cells
        group by level
    """


Name = Callable[[Cost], str]


def _by_level(cost: Cost) -> str:
    return cost.level


def _by_mart(cost: Cost) -> str:
    return cost.mart


@dataclass(frozen=True)
class Share:
    """Costs of a setting, added up over marts or levels.

    Attributes:
        setting, name: the setting; the level or mart.
        cells: cells with people.
        small_cells, other_cells, small_people, other_people: shares of cells and people withheld.
        published_cells: cells published.
        mean_error: people that a published head count is off on average, None without any.
    """

    setting: str
    name: str
    cells: int
    small_cells: float
    other_cells: float
    small_people: float
    other_people: float
    published_cells: int
    mean_error: float | None


def shares(found: Sequence[Cost], name: Name) -> list[Share]:
    """Costs by name, the country first, and within it in the order of the settings."""
    settings = list(dict.fromkeys(cost.setting for cost in found))
    names = sorted(dict.fromkeys(name(cost) for cost in found), key=lambda n: n != COUNTRY)
    together = [
        _share([cost for cost in found if (cost.setting, name(cost)) == (setting, called)], called)
        for called in names
        for setting in settings
    ]
    return [share for share in together if share]


def _share(costs: Sequence[Cost], name: str) -> Share | None:
    """Costs of one setting added up; None if nobody was counted."""

    def total(field: str) -> int:
        return sum(getattr(cost, field) for cost in costs)

    cells, people, published = total("cells"), total("people"), total("published_cells")
    if not cells:
        return None
    return Share(
        setting=costs[0].setting,
        name=name,
        cells=cells,
        small_cells=total("small_cells") / cells,
        other_cells=total("other_cells") / cells,
        small_people=total("small_people") / people,
        other_people=total("other_people") / people,
        published_cells=published,
        mean_error=total("error") / published if published else None,
    )


def _withheld(found: Sequence[Cost]) -> float:
    cells = sum(cost.cells for cost in found)
    return sum(cost.small_cells + cost.other_cells for cost in found) / max(cells, 1)


def _lines(found: Sequence[Cost], name: Name) -> Iterator[str]:
    """The shares as an aligned table."""
    rows = shares(found, name)
    width = max([5, *(len(row.name) for row in rows)])
    first = max([7, *(len(row.setting) for row in rows)])
    heads = ["setting".ljust(first), ("mart" if name is _by_mart else "level").ljust(width)]
    yield "  ".join([*heads, *HEADER])
    for row in rows:
        withheld = (row.small_cells, row.other_cells, row.small_people, row.other_people)
        texts = [
            f"{row.cells:,}",
            *(f"{value:.1%}" for value in withheld),
            f"{row.published_cells:,}",
            "-" if row.mean_error is None else f"{row.mean_error:.1f}",
        ]
        aligned = [text.rjust(len(head)) for text, head in zip(texts, HEADER, strict=True)]
        yield "  ".join([f"{row.setting:<{first}}", f"{row.name:<{width}}", *aligned])


def write_csv(found: Sequence[Cost], path: Path) -> None:
    """Write the numbers behind the shares."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Cost.__dataclass_fields__)
        writer.writerows(vars(cost).values() for cost in found)


def draw(found: Sequence[Cost]) -> str:
    """The shares of each level as a picture: above cells, below people."""
    rows = shares(found, _by_level)
    of_cells = [Bar(row.name, row.setting, (row.small_cells, row.other_cells)) for row in rows]
    of_people = [Bar(row.name, row.setting, (row.small_people, row.other_people)) for row in rows]
    return bars(
        [("Share of cells withheld", of_cells), ("Share of people in withheld cells", of_people)],
        legend=(
            "smaller than the smallest group",
            "withheld to protect those, or not covered by dp",
        ),
        axis="smallest group (people), or option",
    )


def _sizes(text: str) -> list[int]:
    """The sizes of an option like 5,10,16."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and int(part) >= 2 for part in parts):
        raise ReleaseError(f"--sizes must be whole numbers from 2 on, like 5,16, not '{text}'.")
    return sorted({int(part) for part in parts})
