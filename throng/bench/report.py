"""What came out, as a page to read."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from throng.bench.growth import exponents
from throng.bench.suite import Result

# The parts that DuckDB does.
_DUCKDB = ("duckdb", "published")
_HEADER = (
    "work",
    "events",
    "part",
    "seconds",
    "events/s",
    "times DuckDB",
    "times published",
    "Java MB",
    "Python MB",
    "shuffled MB",
    "spilled MB",
)


def machine_facts() -> dict[str, str]:
    """What the numbers depend on."""
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "spark": version("pyspark"),
        "duckdb": version("duckdb"),
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def markdown(facts: Mapping[str, str], results: Sequence[Result]) -> str:
    """The results as a table, the machine above it and the slowest models below."""
    duckdb, published = (_seconds_of(results, part) for part in _DUCKDB)
    rows = [
        _row(result, *(others.get(_work_of(result)) for others in (duckdb, published)))
        for result in results
    ]
    about = {result.scenario: result.about for result in results}
    lines = [
        ", ".join(f"{name} {value}" for name, value in facts.items()),
        "",
        *_table(_HEADER, rows),
        "",
        *(f"- {name}: {text}" for name, text in about.items()),
        "",
        "Most processor seconds of tasks:",
        "",
    ]
    for result in results:
        if result.slowest:
            nodes = ", ".join(f"{node} {seconds:.0f}" for node, seconds in result.slowest)
            lines.append(f"- {result.scenario}, {result.events:,} events, {result.part}: {nodes}")
    if shares := _shares_of_a_build(results):
        lines += ["", "Of the build before:", "", *shares]
    if steps := exponents(results):
        lines += ["", "Growth (1: in proportion to the events):", ""]
        lines += [f"- {step}" for step in steps]
    return "\n".join(lines) + "\n"


def _shares_of_a_build(results: Sequence[Result]) -> list[str]:
    """What one more day, and nothing new, cost beside the build before."""
    builds = _seconds_of(results, "build")
    return [
        f"- {result.scenario}, {result.events:,} events, {result.part}: "
        f"{result.median_s / builds[_work_of(result)]:.0%}"
        for result in results
        if result.part in ("day", "again")
    ]


def _work_of(result: Result) -> tuple[str, int]:
    return result.scenario, result.events


def _seconds_of(results: Sequence[Result], part: str) -> dict[tuple[str, int], float]:
    return {_work_of(result): result.median_s for result in results if result.part == part}


def _row(result: Result, duckdb_s: float | None, published_s: float | None) -> tuple[str, ...]:
    is_spark = result.part not in _DUCKDB
    return (
        result.scenario,
        f"{result.events:,}",
        result.part,
        f"{result.median_s:.1f}",
        f"{result.events / result.median_s:,.0f}",
        f"{result.median_s / duckdb_s:.2f}" if duckdb_s and is_spark else "",
        f"{result.median_s / published_s:.2f}" if published_s and is_spark else "",
        f"{result.peak_java_mb:,.0f}" if is_spark else "",
        f"{result.peak_python_mb:,.0f}",
        f"{result.shuffled_mb:,.0f}" if is_spark else "",
        f"{result.spilled_mb:,.0f}" if is_spark else "",
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns stand below each other in plain text too."""
    widths = [max(len(line[place]) for line in (header, *rows)) for place in range(len(header))]
    texts = {0, 2}  # work and part; the others are numbers

    def line(values: Sequence[str]) -> str:
        cells = [
            f"{value:<{width}}" if place in texts else f"{value:>{width}}"
            for place, (value, width) in enumerate(zip(values, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = [
        "-" * width if place in texts else "-" * (width - 1) + ":"
        for place, width in enumerate(widths)
    ]
    return [line(header), f"| {' | '.join(rule)} |", *(line(row) for row in rows)]
