"""`throng release build|audit|costs|publish|list|show|withdraw`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from throng.release.costs import costs
from throng.release.feeds import with_feeds
from throng.release.memory import check_size, limited, memory_allowed
from throng.release.warehouse import (
    ReleaseError,
    Warehouse,
    open_warehouse,
    operation,
    plain_errors,
    run_dbt,
    study_vars,
)

if TYPE_CHECKING:
    from throng.disclosure.audit import Audit
    from throng.disclosure.solver import Cache
    from throng.release.attack import Attack
    from throng.release.search import Search

app = typer.Typer(
    help="Build the tables, attack them, publish what holds: in that order.", no_args_is_help=True
)
app.command()(costs)

# dbt's unit tests are about the code of the models, not about this data; make test runs them.
_DATA_ONLY = ["--exclude-resource-type", "unit_test"]
Vars = Annotated[
    str, typer.Option("--vars", help="dbt vars of the study, as for dbt build, in YAML.")
]


@app.command()
def build(variables: Vars = "{}") -> None:
    """Build every table and test what is in it (dbt build). Readers see nothing of it."""
    with _warehouse() as warehouse:
        # What an earlier audit asked for was about other tables.
        if warehouse.query("show databases like 'protected'") and warehouse.query(
            "show tables in protected like 'disclosure_repairs'"
        ):
            warehouse.query("truncate table protected.disclosure_repairs")
        run_dbt("build", *_DATA_ONLY, "--vars", _with_feeds(warehouse, variables))


@app.command()
def audit(
    repairs: Annotated[
        int, typer.Option(help="How often to withhold more, build and attack again.", min=0)
    ] = 3,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Fail if numbers add up that no mart declares; else they are named."
        ),
    ] = False,
    memory_gb: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="The most memory it may take, in GB. Left out: 0.6 of what the machine has.",
        ),
    ] = None,
    variables: Vars = "{}",
) -> None:
    """Attack the tables of the last build with what a reader would have.

    First it looks for sums that hold in the data, whether a mart declares them or not: they join
    the attack, and those that do not follow from what is declared are named.

    A cell that can be worked out, or bounded closer than the smallest group, fails the audit: it
    is named in protected.disclosure_findings, further cells are withheld, and everything is built,
    tested and attacked again (give the same --vars as to build).

    Tables that are too large for the memory it may take are named before it begins, and it never
    takes more.
    """
    allowed = memory_allowed(memory_gb)
    with limited(allowed):
        _audit(repairs, strict, allowed, variables)


def _audit(repairs: int, strict: bool, allowed: int, variables: str) -> None:
    """Attack, withhold what was found, build again, as often as is allowed."""
    # Not at the top: the solver takes a second to import; other commands do not wait for it.
    from throng.release.attack import attack_release, record_findings

    cache: Cache = {}
    search: Search | None = None
    expected: Audit | None = None
    for turn in range(repairs + 1):
        # A session of its own for each turn: an old one would look for the old files.
        with _warehouse() as warehouse:
            operation(warehouse, "plan_release")
            check_size(warehouse, allowed)
            attack = attack_release(
                warehouse,
                _progress,
                cache,
                find_repairs=turn < repairs,
                search=search,
                before=expected,
            )
            if attack is None:
                typer.echo("There is nothing to attack. Next: throng release publish")
                operation(warehouse, "record_check", name="audit")
                return
            if search is None:
                _name_unexplained(attack.search, strict)
            search, expected = attack.search, attack.repair.audit
            for line in _verdicts(attack):
                typer.echo(line)
            if attack.audit.passed:
                operation(warehouse, "record_check", name="audit")
                typer.echo("Passed. Next: throng release publish")
                return
            record_findings(warehouse, attack)
            if not attack.repair.audit.passed or turn == repairs:
                raise ReleaseError(
                    "The audit fails; nothing may be published. What can be worked out is listed "
                    "in protected.disclosure_findings."
                )
            typer.echo(f"Withholding {len(attack.table_cells):,} more cells and building again.")
            gate = ["--select", "int_withheld_cells+", *_DATA_ONLY]
            run_dbt("build", *gate, "--vars", _with_feeds(warehouse, variables), quiet=True)


def _with_feeds(warehouse: Warehouse, variables: str) -> str:
    """The option --vars, with the optional feeds that have landed."""
    return yaml.safe_dump(with_feeds(warehouse, study_vars(variables)))


def _name_unexplained(search: Search, strict: bool) -> None:
    """One sentence for each sum that is in the data and in no declaration."""
    for sentence in search.unexplained:
        typer.echo(f"Not declared: {sentence}")
    if search.unexplained and strict:
        raise ReleaseError(
            f"{len(search.unexplained):,} sums hold in the data that no mart declares; nothing may "
            "be published with --strict. Declare them as said above, and build again."
        )


def _progress(text: str) -> None:
    """One line that is written over, on a terminal; elsewhere only the milestones."""
    if sys.stderr.isatty():
        typer.echo(f"\r\033[K  {text}", err=True, nl=False)
    elif not text.startswith(("solver", "search")):
        typer.echo(f"  {text}", err=True)


def _verdicts(attack: Attack) -> Iterator[str]:
    """One line a mart: the numbers withheld, and what an attacker knows of them."""
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    counts = attack.audit.by_table().groupby(level="table").sum()
    width = max(len(str(table)) for table in counts.index)
    yield f"{'Mart':<{width}}  {'withheld':>10}  worked out  too narrow   protected   no one"
    for table, row in counts.iterrows():
        yield (
            f"{table:<{width}}  {row['hidden']:>10,}  {row['recovered']:>10,}  {row['narrow']:>10,}"
            f"  {row['protected']:>10,}  {row['empty']:>7,}"
        )


@app.command()
def publish() -> None:
    """Let readers see what has passed the tests and the audit."""
    with _warehouse() as warehouse:
        before = _release_ids(warehouse)
        release_id = f"r{int(before[-1][1:]) + 1 if before else 1:04}"
        operation(warehouse, "publish_release", release_id=release_id, recorded_at=_now())
        [(n_new, n_revised, n_unchanged, n_waiting)] = warehouse.query(
            """
            select
                count_if(decision = 'new'),
                count_if(decision = 'revision'),
                count_if(decision = 'unchanged'),
                count_if(decision = 'waits')
            from protected.release_plan
            """
        )
        if n_new + n_revised:
            typer.echo(f"Published as {release_id}: {n_new:,} new periods, {n_revised:,} revised.")
        else:
            typer.echo("Nothing new to publish; readers see what they saw.")
        if n_unchanged:
            typer.echo(f"{n_unchanged:,} periods are published already and have not changed.")
        if n_waiting:
            typer.echo(
                f"{n_waiting:,} published periods have changed and wait, as published: the "
                "difference would show a group that is too small, or the same number with and "
                "without noise or rounding."
            )


@app.command("list")
def list_releases() -> None:
    """List the releases, the last first."""
    with _warehouse() as warehouse:
        rows = warehouse.query(
            """
            select
                release_id,
                date_format(min(recorded_at), 'yyyy-MM-dd HH:mm'),
                concat_ws(', ', array_sort(collect_set(status))),
                count(distinct mart),
                count(*),
                sum(n_rows),
                sum(n_suppressed) / sum(n_rows)
            from released.ledger
            group by release_id
            order by release_id desc
            """
        )
        if not rows:
            typer.echo("No release yet. Run: throng release build, audit, publish")
            return
        typer.echo("release  published (UTC)   marts  periods        rows  withheld  status")
        for release, at, status, marts, periods, n_rows, share in rows:
            typer.echo(
                f"{release:<7}  {at:<16}  {marts:>5}  {periods:>7,}  {n_rows:>10,}"
                f"  {share:>8.1%}  {status}"
            )


@app.command()
def show(release: Annotated[str, typer.Argument(help="Id of the release, such as r0001.")]) -> None:
    """Show what a release holds and how it was protected."""
    with _warehouse() as warehouse:
        _require(warehouse, release)
        [(at, k, mechanism, epsilon, base, method, relations, watermark, reason)] = warehouse.query(
            f"""
            select
                date_format(min(recorded_at), 'yyyy-MM-dd HH:mm:ss'), min(min_group_size),
                min(mechanism), sum(epsilon), min(rounding_base), min(method_version),
                min(relation_set), date_format(min(input_watermark), 'yyyy-MM-dd HH:mm:ss'),
                max(reason)
            from released.ledger where release_id = '{release}'
            """
        )
        for name, value in {
            "release": release,
            "published": f"{at} UTC",
            "last event": watermark,
            "group size": f"{k} people or more",
            "mechanism": mechanism,
            "epsilon": "none spent" if epsilon is None else f"{epsilon:g} in all",
            "rounding": f"to {base}" if base else "none",
            "method": f"version {method}, relations {relations[:12]}",
            **({"withdrawn": reason} if reason else {}),
        }.items():
            typer.echo(f"{name:<11} {value}")
        typer.echo()
        width = max(
            len(mart) for (mart,) in warehouse.query("select distinct mart from released.ledger")
        )
        typer.echo(
            f"{'mart':<{width}}  period  periods  from              to"
            "                      rows  withheld  status"
        )
        for mart, period, count, first, last, n_rows, share, status in warehouse.query(
            f"""
            select
                mart, period, count(*),
                date_format(min(period_start), 'yyyy-MM-dd HH:mm'),
                date_format(max(period_start), 'yyyy-MM-dd HH:mm'),
                sum(n_rows), sum(n_suppressed) / sum(n_rows), status
            from released.ledger where release_id = '{release}'
            group by mart, period, status order by mart, period, status
            """
        ):
            typer.echo(
                f"{mart:<{width}}  {period:<6}  {count:>7,}  {first}  {last}"
                f"  {n_rows:>10,}  {share:>8.1%}  {status}"
            )


@app.command()
def withdraw(
    release: Annotated[str, typer.Argument(help="Id of the release, such as r0001.")],
    reason: Annotated[str, typer.Option(help="Why; it stays in the ledger.")],
) -> None:
    """Take a release out of the readers' sight. Its rows and its entry in the ledger stay."""
    with _warehouse() as warehouse:
        _require(warehouse, release)
        operation(
            warehouse, "withdraw_release", release_id=release, recorded_at=_now(), reason=reason
        )
        typer.echo(f"{release} is withdrawn; no mart shows it any more.")


def _release_ids(warehouse: Warehouse) -> list[str]:
    """Ids of all releases, the oldest first."""
    rows = warehouse.query("select distinct release_id from released.ledger order by release_id")
    return [release for (release,) in rows]


def _require(warehouse: Warehouse, release: str) -> None:
    known = _release_ids(warehouse)
    if release not in known:
        raise ReleaseError(
            f"There is no release {release}. "
            + (f"The releases are: {', '.join(known)}." if known else "There is none yet.")
        )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


@contextlib.contextmanager
def _warehouse() -> Iterator[Warehouse]:
    with plain_errors(), open_warehouse() as warehouse:
        yield warehouse
