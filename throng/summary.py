"""`throng summary`: what a build read, refused, counted and withheld, on one screen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import typer
from pyhive import exc

from throng.server.control import ServerError, connect
from throng.server.settings import ServerSettings, SettingsError

Query = Callable[[str], list[tuple[Any, ...]]]


def summary() -> None:
    """Print what the last build read, refused, counted and withheld, and how to query it."""
    try:
        settings = ServerSettings.resolve()
        with contextlib.closing(connect(settings)) as connection:
            cursor = connection.cursor()

            def query(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return cursor.fetchall()

            built = {row[1] for row in query("show tables in protected")}
            read = [*_events(query, built), *_recharges(query, built)]
            for line in [*read, "", *_marts(query, built), "", *_how_to_query(settings)]:
                typer.echo(line)
    except (ServerError, SettingsError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except exc.OperationalError as error:
        if "TABLE_OR_VIEW_NOT_FOUND" not in str(error) and "SCHEMA_NOT_FOUND" not in str(error):
            raise
        typer.echo("Error: There is nothing to sum up yet; run dbt build (or make demo).", err=True)
        raise typer.Exit(1) from None


def _events(query: Query, built: set[str]) -> Iterator[str]:
    [(first, last, accepted, without_area, subscribers)] = query(
        """
        select
            cast(min(event_date) as string),
            cast(max(event_date) as string),
            count(*),
            count(case when area_id is null then 1 end),
            count(distinct subscriber_id)
        from protected.int_events_checked
        where event_date is not null
        """
    )
    rejected = query(
        """
        select reject_reason, count(*) from protected.int_events_checked
        where event_date is null
        group by reject_reason order by count(*) desc, reject_reason
        """
    )
    n_rejected = sum(rows for _, rows in rejected)
    # A build that stopped early has not come so far.
    long_traces = 0
    if "int_long_traces" in built:
        [(long_traces,)] = query("select count(*) from protected.int_long_traces")
    yield f"Period covered      {f'{first} to {last}' if accepted else 'none: no event accepted'}"
    yield f"Subscribers         {subscribers:>12,}"
    if long_traces:
        yield f"  without stops     {long_traces:>12,}   (more than trace_max_events events)"
    yield f"Events in           {accepted + n_rejected:>12,}"
    yield f"  accepted          {accepted:>12,}"
    yield f"    without an area {without_area:>12,}   (counted nowhere)"
    yield f"  rejected          {n_rejected:>12,}"
    for reason, rows in rejected:
        yield f"    {reason:<20}{rows:>8,}"


def _recharges(query: Query, built: set[str]) -> Iterator[str]:
    """The same of recharges, where any have landed."""
    if "int_recharges_checked" not in built:
        return
    reasons = dict(
        query(
            """
            select reject_reason, count(*) from protected.int_recharges_checked
            group by reject_reason order by count(*) desc, reject_reason
            """
        )
    )
    if not reasons:
        return
    accepted = reasons.pop(None, 0)
    n_rejected = sum(reasons.values())
    yield f"Recharges in        {accepted + n_rejected:>12,}"
    yield f"  accepted          {accepted:>12,}"
    yield f"  rejected          {n_rejected:>12,}"
    for reason, rows in reasons.items():
        yield f"    {reason:<20}{rows:>8,}"


def _marts(query: Query, built: set[str]) -> Iterator[str]:
    """How much of each mart may be published, and why the rest may not."""
    prefix = "release_"
    marts = sorted(
        name.removeprefix(prefix)
        for name in built
        if name.startswith(prefix) and f"candidate_{name.removeprefix(prefix)}" in built
    )
    if not marts:
        yield "No marts: the build stopped before them. See what failed above, or in logs/dbt.log."
        return
    if "release_settings" not in built:
        yield "Nothing may be published yet: the build is not complete, or a test failed."
        return
    [(smallest,)] = query("select min_group_size from protected.release_settings")

    def count(table: str, *numbers: str) -> dict[str, list[int]]:
        """Numbers of one table of each mart. Not as subqueries: Spark works on 16 at a time, and
        waits for ever when each of those waits for one of its own."""
        parts = (f"select '{m}', {', '.join(numbers)} from {table.format(m)}" for m in marts)
        return {mart: found for mart, *found in query(" union all ".join(parts))}

    people = count("protected.candidate_{}", "count(*)", f"count_if(n_subscribers < {smallest})")
    publishable = count("protected.release_{}", "count_if(not is_suppressed)")
    seen = count("marts.{}", "count_if(not is_suppressed)")
    rows = [(mart, *people[mart], *publishable[mart], *seen[mart]) for mart in marts]
    rows.append(("all", *(sum(row[i] for row in rows) for i in range(1, 5))))
    width = max(len(mart) for mart in marts)
    yield f"{'':<{width}}        cells      too   withheld to"
    yield f"{'Mart':<{width}}  with people    small  protect them  publishable  readers see"
    for mart, cells, small, releasable, seen in rows:
        share = max(cells, 1)
        yield (
            f"{mart:<{width}}  {cells:>11,}  {small / share:>7.1%}"
            f"  {(cells - small - releasable) / share:>12.1%}  {releasable:>11,}  {seen:>11,}"
        )


def _how_to_query(settings: ServerSettings) -> list[str]:
    sql = (
        "select * from marts.count_residents where period = 'study' "
        "order by n_subscribers desc limit 5"
    )
    return [
        "Query it",
        f'  Beeline   .venv/bin/throng beeline -e "{sql}"',
        f'  PyHive    .venv/bin/python -c "from pyhive import hive; c = hive.connect('
        f"'{settings.host}', {settings.port}).cursor(); "
        "c.execute('select * from marts.total_subscribers'); print(c.fetchall())\"",
        "  dbt docs  make docs   (then open target/static_index.html)",
    ]
