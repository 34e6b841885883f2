"""`throng release costs`: how much is withheld at which smallest group.

The gate is run over the candidates of the last build once for each group size. At the end it is run
with the study's own vars, so that the release tables are what was tested and audited.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from throng.release.chart import Bar, bars
from throng.release.warehouse import ReleaseError, Warehouse, run_dbt
from throng.server.control import ServerError, connect
from throng.server.settings import ServerSettings, SettingsError

COUNTRY = "country"
HEADER = (
    "k",
    "level",
    "cells with people",
    "primary % cells",
    "complementary % cells",
    "primary % people",
    "complementary % people",
)


@dataclass(frozen=True)
class Cost:
    """What one group size costs one mart at one area level.

    Cells are those with people in them; people are the sum of their head counts, so somebody who
    is in several cells counts in each. Primary is withheld for less than `size` people,
    complementary for others.
    """

    size: int
    mart: str
    level: str
    cells: int
    people: int
    primary_cells: int
    primary_people: int
    complementary_cells: int
    complementary_people: int


def costs(
    sizes: Annotated[str, typer.Option(help="Smallest groups to compare.")] = "5,10,16,30",
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
    """Show what the smallest group costs: the share of cells and of people withheld.

    Give the same --vars as to build. What the audit asked to withhold stays withheld at every
    size, and counts as complementary.
    """
    with _errors():
        values, study = _sizes(sizes), _vars(variables)
        found = measure(values, study)
        for line in _lines(found, _by_mart if by_mart else _by_level):
            typer.echo(line)
        if table:
            write_csv(found, table)
        if chart:
            chart.write_text(draw(found), encoding="utf-8")


def measure(sizes: Sequence[int], study: dict[str, Any]) -> list[Cost]:
    """The costs of each size. The release tables are the study's own again at the end.

    Raises:
        ReleaseError: there is no build yet, or the vars are not those of it.
    """
    with _warehouse() as warehouse:
        before = _n_suppressed(warehouse)
    found: list[Cost] = []
    try:
        for size in sizes:
            _run_gate({**study, "min_group_size": size})
            # A session of its own for each size: an old one would look for the old files.
            with _warehouse() as warehouse:
                here = list(_costs(warehouse, size))
            found += here
            typer.echo(f"  groups of {size}: {_withheld(here):.1%} of the cells withheld", err=True)
    finally:
        _run_gate(study)
    with _warehouse() as warehouse:
        if _n_suppressed(warehouse) != before:
            raise ReleaseError(
                "The release tables are not as they were before: these --vars are not those of the "
                "build, or this command was stopped on its way once. Run: throng release build"
            )
    return found


def _run_gate(variables: dict[str, Any]) -> None:
    """Decide again what may be published; candidates and marts stay as they are."""
    selection = ["--select", "int_withheld_cells+", "--exclude", "marts"]
    run_dbt("run", *selection, "--vars", yaml.safe_dump(variables), quiet=True)


def _marts(warehouse: Warehouse) -> list[str]:
    tables = warehouse.query("show tables in protected like 'candidate_*'")
    return sorted(name.removeprefix("candidate_") for _, name, *_ in tables)


def _n_suppressed(warehouse: Warehouse) -> dict[str, int]:
    """Number of rows without a number, by mart."""
    counts = {}
    for mart in _marts(warehouse):
        sql = f"select count_if(is_suppressed) from protected.release_{mart}"
        [(counts[mart],)] = warehouse.query(sql)
    return counts


def _costs(warehouse: Warehouse, size: int) -> Iterator[Cost]:
    """What the gate withholds, by mart and level; levels from the coarsest to the finest."""
    levels = warehouse.query(
        "select area_level from protected.int_area_list group by area_level "
        "order by count(*), area_level"
    )
    order = [COUNTRY, *(level for (level,) in levels)]
    for mart in _marts(warehouse):
        columns = [
            name for name, *_ in warehouse.query(f"show columns in protected.release_{mart}")
        ]
        rows = warehouse.query(_costs_sql(mart, columns, size))
        for level, *counts in sorted(rows, key=lambda row: order.index(row[0])):
            yield Cost(size, mart, level, *counts)


def _costs_sql(mart: str, columns: Sequence[str], size: int) -> str:
    """Cells and people of a candidate, and what became of them in the release."""
    others = ("n_subscribers", "n_events", "is_suppressed", "table_cell")
    keys = [name for name in columns if name not in others]
    same = " and ".join(f"candidates.{key} <=> releases.{key}" for key in keys)
    level = "candidates.area_level" if "area_level" in keys else f"'{COUNTRY}'"
    return f"""
        with cells as (
            select
                {level} as level,
                candidates.n_subscribers as n,
                candidates.n_subscribers < {size} as is_primary,
                candidates.n_subscribers >= {size} and releases.is_suppressed as is_complementary
            from protected.candidate_{mart} as candidates
            inner join protected.release_{mart} as releases on {same}
        )
        select
            level,
            count(*),
            sum(n),
            count_if(is_primary),
            coalesce(sum(n) filter (where is_primary), 0),
            count_if(is_complementary),
            coalesce(sum(n) filter (where is_complementary), 0)
        from cells
        group by level
    """


Name = Callable[[Cost], str]


def _by_level(cost: Cost) -> str:
    return cost.level


def _by_mart(cost: Cost) -> str:
    return cost.mart


def _added(found: Iterable[Cost], name: Name) -> dict[tuple[int, str], list[int]]:
    """By size and name: cells, people, and primary and complementary of either."""
    sums: dict[tuple[int, str], list[int]] = {}
    for cost in found:
        counts = (
            cost.cells,
            cost.people,
            cost.primary_cells,
            cost.complementary_cells,
            cost.primary_people,
            cost.complementary_people,
        )
        before = sums.get((cost.size, name(cost)), [0] * len(counts))
        sums[cost.size, name(cost)] = [a + b for a, b in zip(before, counts, strict=True)]
    return sums


def _withheld(found: Sequence[Cost]) -> float:
    cells = sum(cost.cells for cost in found)
    return sum(cost.primary_cells + cost.complementary_cells for cost in found) / max(cells, 1)


def shares(found: Iterable[Cost], name: Name) -> list[tuple[int, str, int, list[float]]]:
    """Size, name, cells with people, and the four shares of HEADER, by name and then by size."""
    sums = _added(found, name)
    names = list(dict.fromkeys(called for _, called in sums))
    if COUNTRY in names:
        names.sort(key=lambda called: called != COUNTRY)
    return [
        (size, called, cells, [p / cells, c / cells, p_people / people, c_people / people])
        for called in names
        for (size, other), (cells, people, p, c, p_people, c_people) in sorted(sums.items())
        if other == called and cells
    ]


def _lines(found: Sequence[Cost], name: Name) -> Iterator[str]:
    """The shares as an aligned table."""
    rows = shares(found, name)
    width = max([5, *(len(called) for _, called, *_ in rows)])
    heads = [HEADER[0].rjust(3), ("mart" if name is _by_mart else "level").ljust(width)]
    yield "  ".join([*heads, *HEADER[2:]])
    for size, called, cells, values in rows:
        texts = [f"{cells:,}", *(f"{value:.1%}" for value in values)]
        aligned = [text.rjust(len(head)) for text, head in zip(texts, HEADER[2:], strict=True)]
        yield "  ".join([f"{size:>3}", f"{called:<{width}}", *aligned])


def write_csv(found: Sequence[Cost], path: Path) -> None:
    """Write the numbers behind the shares."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Cost.__dataclass_fields__)
        writer.writerows(vars(cost).values() for cost in found)


def draw(found: Sequence[Cost]) -> str:
    """The shares of each level as a picture: above cells, below people."""
    rows = shares(found, _by_level)
    return bars(
        [
            ("Share of cells withheld", [Bar(n, f"{k}", tuple(v[:2])) for k, n, _, v in rows]),
            (
                "Share of people in withheld cells",
                [Bar(n, f"{k}", tuple(v[2:])) for k, n, _, v in rows],
            ),
        ],
        legend=("smaller than the smallest group", "withheld to protect smaller cells"),
        axis="smallest group (people)",
    )


def _sizes(text: str) -> list[int]:
    """The sizes of an option like 5,10,16."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and int(part) >= 2 for part in parts):
        raise ReleaseError(f"--sizes must be whole numbers from 2 on, like 5,16, not '{text}'.")
    return sorted({int(part) for part in parts})


def _vars(text: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError:
        values = text
    if not isinstance(values, dict):
        raise ReleaseError(f"--vars must be like '{{study_start: 2020-02-03}}', not '{text}'.")
    return values


@contextlib.contextmanager
def _warehouse() -> Iterator[Warehouse]:
    with contextlib.closing(connect(ServerSettings.resolve())) as connection:
        yield Warehouse(connection)


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """What a user can mend ends in one sentence."""
    try:
        yield
    except (ReleaseError, ServerError, SettingsError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Error: cannot write {error.filename}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
