"""`throng summary`: what came in, what is published, and where to look at it, on one screen."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import typer
from pyhive import exc

from throng.errors import fail
from throng.server.control import ServerError, connect, is_missing_table, the_server
from throng.server.settings import ServerSettings, SettingsError

Query = Callable[[str], list[tuple[Any, ...]]]
#: Reasons of rejection that have a line each.
MOST_REASONS = 3
#: Share of the values of an optional column that were not read, from which on it is said.
WORTH_A_WARNING = 0.01


def summary() -> None:
    """Print what the last build read, refused, counted and withheld, and how to query it.

    In colour on a terminal, unless NO_COLOR is set.
    """
    try:
        settings = the_server()
        with contextlib.closing(connect(settings)) as connection:
            cursor = connection.cursor()

            def query(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return cursor.fetchall()

            built = {row[1] for row in query("show tables in protected")}
            read = [
                *_events(query, built),
                *_cells(query, built),
                *_recharges(query, built),
                *_context(query, built),
                *_indicators(query, built),
                *_quality(query, built),
            ]
            for line in [*read, "", *_marts(query, built), "", *_how_to_query(settings)]:
                # None: colour where it is a terminal, and not in a file.
                typer.echo(line, color=False if os.environ.get("NO_COLOR") else None)
    except (ServerError, SettingsError) as error:
        fail(error)
    except exc.OperationalError as error:
        if not is_missing_table(error):
            raise
        fail("There is nothing to sum up yet; run dbt build (or make demo).")


def _events(query: Query, built: set[str]) -> Iterator[str]:
    # A build that stopped early has not come so far.
    implausible = "select event_date from protected.int_implausible_dates"
    if "int_implausible_dates" not in built:
        implausible = "select cast(null as date) as event_date where false"
    [(first, last, accepted, unplaced, without_area, subscribers)] = query(
        f"""
        select
            cast(min(event_date) as string),
            cast(max(event_date) as string),
            count(*),
            count(unplaced_reason),
            count_if(area_id is null and unplaced_reason is null),
            count(distinct subscriber_id)
        from protected.int_events_checked left anti join ({implausible}) using (event_date)
        where event_date is not null
        """
    )
    rejected = query(
        f"""
        select coalesce(reject_reason, 'implausible_time') as reason, count(*)
        from protected.int_events_checked left join (select *, true as is_implausible
            from ({implausible})) using (event_date)
        where event_date is null or is_implausible
        group by reason order by count(*) desc, reason
        """
    )
    long_traces = 0
    if "int_long_traces" in built:
        [(long_traces,)] = query("select count(*) from protected.int_long_traces")
    yield _line("Period covered", f"{first} to {last}" if accepted else "none: no event accepted")
    note = f"{long_traces:,} without stops: more than trace_max_events events"
    yield _line("Subscribers", f"{subscribers:>12,}", note if long_traces else "")
    note = f"{without_area:,} without an area, counted nowhere"
    yield from _checked("Events in", accepted, rejected, note if without_area else "")
    if unplaced:
        note = f"{unplaced / accepted:.1%} of the accepted: they count in phone use only"
        yield _line("  without a place", f"{unplaced:>12,}", note)
    yield from _warnings(query, built)


def _warnings(query: Query, built: set[str]) -> Iterator[str]:
    """What did not stop the build: values not read, and identifiers that cannot be one person."""
    if "int_implausible_dates" in built:
        [(dates, events)] = query(
            "select count(*), sum(n_events) from protected.int_implausible_dates"
        )
        if dates:
            note = "years away from the study: clocks that were wrong"
            yield _warning("implausible times", f"{events:>12,}", note)
    if "rejected_events" in built:
        [(zeros,)] = query(
            "select count(*) from protected.rejected_events "
            "where reject_reason = 'missing_subscriber' and rejected_value = '0'"
        )
        if zeros:
            note = "taken for nobody; if people are numbered from 0, set zero_is_a_person"
            yield _warning("subscriber 0", f"{zeros:>12,}", note)
    if "event_columns_read" in built:
        columns = query(
            f"""
            select column_name, sum(n_unusable), sum(n_given), max_by(example, n_unusable)
            from protected.event_columns_read
            where column_name not in ('subscriber_id', 'event_at', 'cell_id', 'row')
            group by column_name having sum(n_unusable) > {WORTH_A_WARNING} * sum(n_given)
            order by sum(n_unusable) desc, column_name
            """
        )
        for name, unusable, given, example in columns:
            note = f"{unusable / given:.1%} not read, most like {example}"
            yield _warning(f"{name}", f"{unusable:>12,}", note)
    if "int_overused_identifiers" in built:
        overused = query(
            "select n_events, share_of_events, n_cells_in_hour "
            "from protected.int_overused_identifiers order by n_events desc"
        )
        for events, share, cells in overused[:MOST_REASONS]:
            note = f"{share:.1%} of one identifier, at {cells} cells in an hour: a placeholder?"
            yield _warning("overused", f"{events:>12,}", note)


def _warning(label: str, value: str, note: str) -> str:
    return typer.style(f"  {label:<18}{value}   ({note})", fg=typer.colors.YELLOW)


def _cells(query: Query, built: set[str]) -> Iterator[str]:
    """A line for each thing of the lists that is not as it should be; none where all is well."""
    if "int_cells_placed" not in built:
        return
    [(cells, by_boundaries, nearest, without_area, contradicted, without_coordinates)] = query(
        """
        select
            count(distinct cell_id),
            count(distinct case when area_source in ('inside', 'nearest') then cell_id end),
            count(distinct case when area_source = 'nearest' then cell_id end),
            count(distinct case when area_id is null then cell_id end),
            count(distinct case when is_outside_listed_area then cell_id end),
            count(distinct case when longitude is null then cell_id end)
        from protected.int_cell_site_versions
        """
    )
    rejected = copies = areas_rejected = 0
    if "rejected_cells" in built:
        [(rejected, copies)] = query(
            """
            select count_if(reject_reason <> 'duplicate'), count_if(reject_reason = 'duplicate')
            from protected.rejected_cells
            """
        )
    if "rejected_areas" in built:
        [(areas_rejected,)] = query(
            "select count_if(reject_reason <> 'duplicate') from protected.rejected_areas"
        )
    [(unreadable,)] = query("select count_if(is_boundary_unreadable) from protected.int_areas")
    unread = {
        "cells": rejected,
        "areas": areas_rejected,
        "boundaries": unreadable,
        "copies": copies,
    }
    if any((by_boundaries, without_area, contradicted, without_coordinates, *unread.values())):
        note = f"{by_boundaries:,} by boundaries" if by_boundaries else ""
        note += f", {nearest:,} of them outside all, in the nearest" if nearest else ""
        yield _line("Cells", f"{cells:>12,}", note)
    if any(unread.values()):
        note = ", ".join(f"{number:,} of {what}" for what, number in unread.items() if number)
        yield _line("  rows not read", f"{sum(unread.values()):>12,}", note)
    if without_area:
        yield _line("  without an area", f"{without_area:>12,}", "their events count nowhere")
    if contradicted:
        note = "outside the boundary of the area they are listed in"
        yield _line("  contradicted", f"{contradicted:>12,}", note)
    if without_coordinates:
        note = ""
        if "int_events_without_stop" in built:
            areas = query(
                """
                select area_id, n_subscribers, sum(n_events) over ()
                from protected.int_events_without_stop
                order by n_subscribers desc, area_id limit 1
                """
            )
            for area, people, events in areas:
                note = f"{events:,} events in no stop; in {area} those of {people:,} people"
        yield _line("  no coordinates", f"{without_coordinates:>12,}", note)


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
    if reasons:
        accepted = reasons.pop(None, 0)
        yield from _checked("Recharges in", accepted, list(reasons.items()), "")


def _context(query: Query, built: set[str]) -> Iterator[str]:
    """Rows of context in one line, where any have landed."""
    if "int_context_checked" not in built:
        return
    [(rows, rejected)] = query(
        "select count(*), count(reject_reason) from protected.int_context_checked"
    )
    if rows:
        note = f"{rejected:,} rejected, see protected.int_context_checked"
        yield _line("Context in", f"{rows:>12,}", note if rejected else "")


def _indicators(query: Query, built: set[str]) -> Iterator[str]:
    """Figures of entities in one line, where any have landed."""
    if "int_indicators_checked" not in built:
        return
    [(figures, rejected)] = query(
        "select count(*), count(reject_reason) from protected.int_indicators_checked"
    )
    if figures:
        note = f"{rejected:,} not used, see protected.int_indicators_checked"
        yield _line("Indicators in", f"{figures:>12,}", note if rejected else "")


def _quality(query: Query, built: set[str]) -> Iterator[str]:
    """What is unusual or down, and who is no single person: counted here, listed in protected."""
    found = []
    if "int_event_quality" in built:
        [(days,)] = query(
            "select count(distinct event_date) from protected.int_event_quality "
            "where is_unusual and source_file is null"
        )
        [(files,)] = query(
            "select count(distinct source_file) from protected.int_event_quality where is_unusual"
        )
        found += [_counted(days, "unusual day"), _counted(files, "unusual file")]
    if "cell_outages" in built:
        [(outages,)] = query(
            "select count(*) from protected.cell_outages where place_level = 'cell'"
        )
        found.append(_counted(outages, "day", "of cells down"))
    if "int_suspicious_subscribers" in built:
        [(people,)] = query("select count(*) from protected.int_suspicious_subscribers")
        found.append(_counted(people, "suspicious subscriber"))
    if found:
        yield _line("Quality", ", ".join(found))
    if "cell_quality" in built:
        [(not_listed, not_seen, moved)] = query(
            "select count_if(not is_listed), count_if(not is_seen), count_if(n_moves > 0) "
            "from protected.cell_quality"
        )
        cells = f"{not_listed:,} not in the list, {not_seen:,} never seen, {moved:,} moved"
        yield _line("Use of cells", cells, "docs/definitions.md, Quality")


def _counted(number: int, what: str, rest: str = "") -> str:
    """As in 'no unusual day', '1 unusual day', '2 unusual days'."""
    words = f"{number:,} {what}{'s' if number > 1 else ''}" if number else f"no {what}"
    return f"{words} {rest}".strip()


def _checked(
    label: str, accepted: int, rejected: list[tuple[str, int]], note: str
) -> Iterator[str]:
    """Rows of a feed: accepted, and rejected by reason, the reasons with most rows first."""
    n_rejected = sum(rows for _, rows in rejected)
    n_rows = accepted + n_rejected
    yield _line(label, f"{n_rows:>12,}")
    yield _line("  accepted", f"{accepted:>12,}", note)
    share = f"{n_rejected / n_rows:.1%} of the rows" if n_rejected else ""
    yield _line("  rejected", f"{n_rejected:>12,}", share)
    # What is left is worth a line of its own only if it is more than one reason.
    most = len(rejected) if len(rejected) <= MOST_REASONS + 1 else MOST_REASONS
    for reason, rows in rejected[:most]:
        yield _line(f"    {reason}", f"{rows:>12,}")
    if rest := rejected[most:]:
        rows = sum(rows for _, rows in rest)
        yield _line("    other", f"{rows:>12,}", f"{len(rest)} reasons, see protected.rejected_...")


def _line(label: str, value: str, note: str = "") -> str:
    """A label, what it is, and in grey what is to be said of it."""
    name = typer.style(f"{label:<20}", bold=not label.startswith(" "))
    return f"{name}{value}" + (f"   {_grey(f'({note})')}" if note else "")


def _grey(text: str) -> str:
    return typer.style(text, fg=typer.colors.BRIGHT_BLACK)


@dataclass(frozen=True)
class _Mart:
    """How many table cells of a mart there are: with people, too small, publishable, published."""

    name: str
    cells: int
    small: int
    publishable: int
    seen: int

    @property
    def withheld(self) -> float:
        """The share of table cells with people that may not be published."""
        return 1 - self.publishable / max(self.cells, 1)


def _marts(query: Query, built: set[str]) -> Iterator[str]:
    """How much of each mart readers see and how much is withheld, and why."""
    prefix = "release_"
    names = sorted(
        name.removeprefix(prefix)
        for name in built
        if name.startswith(prefix) and f"candidate_{name.removeprefix(prefix)}" in built
    )
    if not names:
        yield "No marts: the build stopped before them. See what failed above, or in logs/dbt.log."
        return
    if "release_settings" not in built:
        yield "Nothing may be published yet: the build is not complete, or a test failed."
        return
    [(smallest,)] = query("select min_group_size from protected.release_settings")

    def count(table: str, *numbers: str) -> dict[str, list[int]]:
        """Numbers of one table of each mart. Not as subqueries: Spark works on 16 at a time, and
        waits for ever when each of those waits for one of its own."""
        parts = (f"select '{m}', {', '.join(numbers)} from {table.format(m)}" for m in names)
        return {mart: found for mart, *found in query(" union all ".join(parts))}

    people = count("protected.candidate_{}", "count(*)", f"count_if(n_subscribers < {smallest})")
    publishable = count("protected.release_{}", "count_if(not is_suppressed)")
    seen = count("marts.{}", "count_if(not is_suppressed)")
    marts = [_Mart(name, *people[name], *publishable[name], *seen[name]) for name in names]
    yield from _side_by_side(marts)
    yield from _conclusion(marts, smallest)


def _side_by_side(marts: list[_Mart]) -> Iterator[str]:
    """Marts in two columns, to be read down the first and then down the second."""
    half = (len(marts) + 1) // 2
    columns = [marts[:half], marts[half:]] if len(marts) > 1 else [marts]
    widths = [max(len(mart.name) for mart in column) for column in columns]
    heads = [f"{'Mart':<{width}} {'seen':>7} {'withheld':>8}" for width in widths]
    yield typer.style(" ".join(heads), bold=True)
    for row in zip_longest(*columns):
        yield " ".join(
            f"{mart.name:<{width}} {_short(mart.seen):>7} {_grey(f'{mart.withheld:>8.1%}')}"
            for mart, width in zip(row, widths, strict=True)
            if mart
        )


def _conclusion(marts: list[_Mart], smallest: int) -> Iterator[str]:
    """All marts together, and what has been built and is not yet published."""
    cells, small, publishable, seen = (
        sum(getattr(mart, number) for mart in marts)
        for number in ("cells", "small", "publishable", "seen")
    )
    share, hidden = max(cells, 1), cells - small - publishable
    yield f"Readers see {seen:,} of {cells:,} table cells with people."
    yield (
        f"{small / share:.1%} have fewer than {smallest} people, "
        f"{hidden / share:.1%} are withheld to protect those."
    )
    if seen == 0:
        yield typer.style(
            "Nothing is published: throng release audit, then throng release publish.",
            fg=typer.colors.YELLOW,
        )
    elif changed := [mart.name for mart in marts if mart.seen != mart.publishable]:
        yield typer.style(
            f"Built otherwise than published: {len(changed)} of {len(marts)} marts. "
            "throng release audit, then throng release publish.",
            fg=typer.colors.YELLOW,
        )


def _short(number: int) -> str:
    """In at most seven characters."""
    if number < 1_000_000:
        return f"{number:,}"
    return f"{number / 1e6:.1f} M" if number < 999_950_000 else f"{number / 1e9:.1f} G"


def _how_to_query(settings: ServerSettings) -> Iterator[str]:
    yield typer.style("Look at it", bold=True)
    for what, how in {
        "a page": ".venv/bin/throng report",
        "a file": ".venv/bin/throng export count_residents --out residents.csv",
        "questions": "make worksheets   (SQL to paste; make notebook opens three with pictures)",
        "Beeline": '.venv/bin/throng beeline -e "select * from marts.total_subscribers"',
        "PyHive": (
            f"hive.connect('{settings.host}', {settings.port}, username='throng', auth='CUSTOM', "
            "password=...)"
        ),
        "password": "in the file that .venv/bin/throng server status names",
        "columns": "make docs   (then open target/static_index.html)",
    }.items():
        yield f"  {what:<11}{typer.style(how, fg=typer.colors.CYAN)}"
