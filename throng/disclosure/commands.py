"""`throng audit`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from throng.disclosure.relations import AuditError, Relation, read_relations

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from throng.disclosure.audit import Audit
    from throng.disclosure.discovery import Found

PASSED, FAILED, UNUSABLE = 0, 1, 2
SECONDS_BETWEEN_LINES = 5.0


def audit(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Published tables: CSV or Parquet files, or folders of them. A table is called "
            "like its file; two releases of one are name@1.csv and name@2.csv."
        ),
    ],
    relations: Annotated[
        Path | None, typer.Option(help="CSV file that says what adds up to what.")
    ] = None,
    find_relations: Annotated[
        bool,
        typer.Option(
            "--find-relations",
            help="Search the published numbers for sums that hold, and attack with them too.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Fail if a sum is found that the relations do not account for."
        ),
    ] = False,
    min_width: Annotated[
        int, typer.Option(help="A hidden number is safe if its bounds are this far apart.")
    ] = 16,
    rounded: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TABLE=]BASE",
            help="Published numbers are rounded to multiples of BASE, in TABLE or in all.",
        ),
    ] = None,
    lowest_below: Annotated[
        int, typer.Option(help="The smallest number that a text like <5 stands for: 1, or 0.")
    ] = 1,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="Leave out relations whose tables are missing.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write failing cells and their bounds here, for the owner's eyes only."),
    ] = None,
    repair: Annotated[
        Path | None,
        typer.Option(help="Write here which further rows to hide so that the audit passes."),
    ] = None,
    show: Annotated[int, typer.Option(help="Print so many failing cells.")] = 0,
    workers: Annotated[int, typer.Option(help="Number of processes.")] = os.cpu_count() or 1,
) -> None:
    """Attack published tables as an outsider would: which hidden numbers can be worked out?

    Numbers are hidden by leaving them empty or by a text like <5. Each hidden cell ends up as
    recovered (its value is certain), narrow (its bounds are too close to each other), protected,
    or empty (certainly 0, which reveals nobody). Only what is in the files is used.

    What adds up to what is read from --relations, or searched with --find-relations: a sum that
    holds on every published key, five or more, counts as known to the outsider.

    The exit code is 0 if nothing is recovered or narrow, 1 if something is (with --strict, also if
    a sum is found that was not declared), and 2 if the files cannot be used.
    """
    # The solver takes a second to import; other commands do not wait for it.
    from throng.disclosure.audit import audit as run
    from throng.disclosure.building import build
    from throng.disclosure.reading import base, read_tables
    from throng.disclosure.repair import repair as run_repair

    try:
        _check_options(lowest_below, show, workers)
        if relations is None and not find_relations:
            raise AuditError("Give --relations, or --find-relations to search for them.")
        if strict and not find_relations:
            raise AuditError("--strict is about what --find-relations finds; give both.")
        rules = read_relations(relations) if relations else []
        tables = read_tables(files)
        undeclared: list[Found] = []
        if find_relations:
            undeclared, added = _search(tables, rules, lowest_below)
            for line in _findings(undeclared):
                typer.echo(line)
            if rules and not skip_missing:
                # Rows without a partner are errors of the file, but not of what was found.
                build(tables, rules, _tolerance(rounded or [], list(tables)), lowest_below)
            tables |= added
            rules += [found.relation for found in undeclared if found.is_count]
            skip_missing = True
            if not rules:
                typer.echo("Nothing adds up in these tables: there is nothing to attack with.")
                raise typer.Exit(FAILED if strict and undeclared else PASSED)
        tolerance = _tolerance(rounded or [], list(tables))
        known = {table for rule in rules for table in rule.tables}
        for name in sorted(tables):
            if base(name) not in known:
                typer.echo(f"No relation names {name}: nothing is checked there.", err=True)
        progress = _throttled()
        found = run(
            tables,
            rules,
            min_width,
            tolerance,
            progress,
            lowest_below=lowest_below,
            skip_missing=skip_missing,
            workers=workers,
        )
        for line in summary(found, rules):
            typer.echo(line)
        if show or report:
            failing = _for_readers(found.failing())
            if show and len(failing):
                typer.echo("")
                typer.echo(failing.head(show).to_string(index=False))
            if report:
                write_private(failing, report)
        if repair:
            better = run_repair(
                tables,
                rules,
                min_width,
                tolerance=tolerance,
                lowest_below=lowest_below,
                skip_missing=skip_missing,
                workers=workers,
                progress=progress,
            )
            cells = better.cells.assign(row=better.cells["row"] + 1)
            write_private(cells, repair)
            typer.echo("")
            passes = "the audit passes" if better.audit.passed else "the audit still fails"
            typer.echo(f"With {len(cells):,} further rows hidden ({repair}), {passes}.")
    except AuditError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(UNUSABLE) from None
    except OSError as error:
        typer.echo(f"Error: cannot write {error.filename}: {error.strerror}.", err=True)
        raise typer.Exit(UNUSABLE) from None
    if not found.passed or (strict and undeclared):
        raise typer.Exit(FAILED)


def _search(
    tables: dict[str, pa.Table], rules: list[Relation], lowest_below: int
) -> tuple[list[Found], dict[str, pa.Table]]:
    """The sums found that the relations do not account for, and lookup tables for them."""
    from throng.disclosure.discovery import find_relations, lookup_tables
    from throng.disclosure.reading import base
    from throng.disclosure.shapes import infer_shapes

    latest = {base(name): table for name, table in sorted(tables.items())}
    shapes = infer_shapes(latest, rules)
    found = find_relations(
        tables, shapes, rules, _throttled(), published_only=True, lowest_below=lowest_below
    )
    return [one for one in found if not one.explained], lookup_tables(latest, shapes)


def _findings(undeclared: list[Found]) -> list[str]:
    """What the search found, as lines."""
    if not undeclared:
        return ["Found in the data: no sum that is not declared.", ""]
    lines = ["Found in the data, and not declared:"]
    return [*lines, *(f"- {one.sentence}" for one in undeclared), ""]


def summary(found: Audit, rules: list[Relation]) -> list[str]:
    """What an audit found, as aligned lines: per table, per relation, and one sentence."""
    tables, by_relation = found.by_table(), found.by_relation()
    width = max(len(text) for text in ["Table", *(f"{t}.{m}" for t, m in tables.index)])
    width = max(width, *(len(name) for name in by_relation.index))
    head = "".join(f"{name:>11}" for name in tables.columns)
    lines = [f"{'Table':<{width}}{head}"]
    for (table, measure), counts in tables.iterrows():
        lines.append(f"{f'{table}.{measure}':<{width}}" + "".join(f"{n:>11,}" for n in counts))
    lines += ["", f"{'Relation':<{width}}{head}"]
    for name, counts in by_relation.iterrows():
        lines.append(f"{name:<{width}}" + "".join(f"{n:>11,}" for n in counts))
    used = {str(name).partition("@")[0] for name in by_relation.index}
    unused = [rule.relation_id for rule in rules if rule.relation_id not in used]
    if unused:
        lines += ["", f"Not used, since a table or a second release is missing: {unused[0]}"]
        lines[-1] += "".join(f", {name}" for name in unused[1:]) + "."
    recovered, narrow = (int(tables[name].sum()) for name in ("recovered", "narrow"))
    hidden = int(tables["hidden"].sum())
    lines.append("")
    if recovered + narrow:
        lines.append(
            f"FAILED: of {hidden:,} hidden cells an outsider finds {recovered:,} exactly and "
            f"{narrow:,} too closely."
        )
    else:
        lines.append(f"Passed: none of {hidden:,} hidden cells can be worked out.")
    lines.append(f"Took {sum(found.seconds.values()):,.1f} s.")
    return lines


def write_private(frame: pd.DataFrame, path: Path) -> None:
    """Write a CSV file that only its owner can read.

    Raises:
        OSError: If it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(descriptor, 0o600)
        frame.to_csv(file, index=False)


def _for_readers(failing: pd.DataFrame) -> pd.DataFrame:
    """Rows counted from 1, bounds as whole numbers, no bound as nothing."""
    bounds = {
        name: failing[name].where(failing[name] < float("inf")).astype("Int64")
        for name in ("lower", "upper")
    }
    return failing.assign(row=failing["row"] + 1, **bounds)


def _check_options(lowest_below: int, show: int, workers: int) -> None:
    """Raise an error for an option out of its range."""
    if lowest_below not in (0, 1):
        raise AuditError(f"--lowest-below must be 0 or 1, not {lowest_below}.")
    if show < 0:
        raise AuditError(f"--show must be at least 0, not {show}.")
    if workers < 1:
        raise AuditError(f"--workers must be at least 1, not {workers}.")


def _tolerance(texts: list[str], names: list[str]) -> dict[str, float]:
    """Half a base per table, from options like `10` and `visits=5`."""
    tolerance: dict[str, float] = {}
    for text in sorted(texts, key=lambda text: "=" in text):
        table, equals, number = text.rpartition("=")
        if not number.isdigit() or int(number) < 1 or bool(table) != bool(equals):
            raise AuditError(f"--rounded must be like 10 or visits=10, not '{text}'.")
        for name in [table] if equals else names:
            tolerance[name] = int(number) / 2
    return tolerance


def _throttled() -> Callable[[str], None]:
    """Progress on standard error, a line every few seconds."""
    last = time.monotonic()

    def tell(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            typer.echo(text, err=True)

    return tell
