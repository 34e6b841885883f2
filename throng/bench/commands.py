"""`throng bench`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from throng.bench.scenarios import SCENARIOS
from throng.errors import fail

DEFAULT_EVENTS = 2_000_000
LEAST_EVENTS = 1_000


def bench(
    scenario: Annotated[
        list[str] | None,
        typer.Option(help=f"What to measure: {', '.join(SCENARIOS)}. Again for more; else all."),
    ] = None,
    events: Annotated[
        list[int] | None,
        typer.Option(help=f"About how many events. Again for more; else {DEFAULT_EVENTS:,}."),
    ] = None,
    days: Annotated[int, typer.Option(help="Length of the study in days.", min=2)] = 30,
    rounds: Annotated[int, typer.Option(help="How often each is measured.", min=1)] = 1,
    memory: Annotated[str, typer.Option(help="Heap of the server.")] = "4g",
    published: Annotated[
        Path | None,
        typer.Option(
            help="Folder with Flowminder's SQL files (github.com/Flowminder/COVID-19): with flows, "
            "DuckDB runs them too, as they are.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder for data, warehouse and results.")] = Path(
        "data/bench"
    ),
) -> None:
    """Measure how long the work takes, in places beside DuckDB on the same files, in turn.

    Prints a line a run; writes results.json, results.md and growth.svg into the work folder. Let
    nothing else run on the machine meanwhile.
    """
    # Not at the top: `throng bench --help` does not wait for them.
    from throng.bench.growth import chart
    from throng.bench.measure import RunError
    from throng.bench.report import machine_facts, markdown
    from throng.bench.suite import Suite
    from throng.server.control import ServerError
    from throng.server.settings import SettingsError
    from throng.synth.settings import SynthError

    names, sizes = scenario or list(SCENARIOS), sorted(events or [DEFAULT_EVENTS])
    for name in names:
        if name not in SCENARIOS:
            fail(f"there is no scenario {name}. There are: {', '.join(SCENARIOS)}.")
    if sizes[0] < LEAST_EVENTS:
        fail(
            f"--events is {sizes[0]:,}: with fewer than {LEAST_EVENTS:,} there is nothing to "
            "measure."
        )
    if not Path("dbt_project.yml").exists():
        fail("there is no dbt_project.yml here. Run this in the project's folder.")
    suite = Suite(work.absolute(), memory, typer.echo, published.absolute() if published else None)
    results = []
    try:
        for size in sizes:
            for name in names:
                results += suite.measure(name, size, days, rounds)
    except (RunError, ServerError, SettingsError, SynthError) as error:
        fail(str(error))
    facts = {**machine_facts(), "heap": memory, "on": datetime.now(UTC).date().isoformat()}
    (work / "results.json").write_text(
        json.dumps({"machine": facts, "results": [vars(result) for result in results]}, indent=1)
    )
    text = markdown(facts, results)
    (work / "results.md").write_text(text)
    (work / "growth.svg").write_text(chart(results))
    typer.echo(f"\n{text}\nWritten: {work / 'results.md'}, results.json and growth.svg.")
