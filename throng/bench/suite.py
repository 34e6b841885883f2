"""Runs scenarios, each on a server of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from throng.bench.data import (
    EVENTS_PER_DAY,
    START,
    Country,
    make_country,
    make_listeners,
    without_last_day,
)
from throng.bench.measure import read_event_log, run
from throng.bench.scenarios import SCENARIOS, Scenario
from throng.server import control
from throng.server.password import PASSWORD_VARIABLE, password
from throng.server.processes import free_port
from throng.server.settings import ServerSettings

_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Result:
    """One piece of work at one size.

    Attributes:
        scenario, about, events, subscribers, days: what was done, and over what.
        part: build; day (the same after one more day has landed); again (once more, nothing new);
            audit; duckdb (our formulation); published (Flowminder's files in DuckDB).
        seconds: wall time of each round.
        peak_java_mb, peak_python_mb: the largest of all rounds; of DuckDB, under Python.
        shuffled_mb, spilled_mb: of the last round.
        slowest: of the last round, the dbt nodes with most processor seconds of tasks.
    """

    scenario: str
    about: str
    events: int
    subscribers: int
    days: int
    part: str
    seconds: list[float]
    peak_java_mb: float
    peak_python_mb: float
    shuffled_mb: float = 0.0
    spilled_mb: float = 0.0
    slowest: list[tuple[str, float]] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.seconds)


class Suite:
    """Measures in one work folder.

    Args:
        work: data, warehouse and event log go below it.
        memory: heap of the server, as `throng server start --memory`.
        say: receives lines for the user.
        published: a folder with Flowminder's SQL files, if DuckDB is to run them too.
    """

    def __init__(
        self, work: Path, memory: str, say: Callable[[str], None], published: Path | None = None
    ) -> None:
        self._work, self._memory, self._say, self._published = work, memory, say, published

    def measure(self, name: str, events: int, days: int, rounds: int) -> list[Result]:
        """The parts of a scenario, each measured `rounds` times, in turn.

        Raises:
            RunError: dbt or DuckDB has failed.
            ServerError: the server does not start.
        """
        scenario = SCENARIOS[name]
        country = self._country(scenario, events, days)
        measured: dict[str, list[Result]] = {}
        for number in range(1, rounds + 1):
            for result in self._round(name, scenario, country):
                measured.setdefault(result.part, []).append(result)
                self._say(
                    f"{name:<9} {country.events:>12,} events  {result.part:<7} "
                    f"{result.median_s:8.1f} s  (round {number} of {rounds})"
                )
        return [_together(results) for results in measured.values()]

    def _country(self, scenario: Scenario, events: int, days: int) -> Country:
        folder = self._work / "data"
        if scenario.listeners:
            return make_listeners(folder, events, days, self._say)
        subscribers = max(10, round(events / EVENTS_PER_DAY / days))
        return make_country(folder, subscribers, days, scenario.levels, self._say)

    def _round(self, name: str, scenario: Scenario, country: Country) -> Iterator[Result]:
        told = {
            "scenario": name,
            "about": scenario.about,
            "events": country.events,
            "subscribers": country.subscribers,
            "days": country.days,
        }
        others = self._duckdb_commands(country) if scenario.beside_duckdb else {}
        for part, command in others.items():
            done = run(command, dict(os.environ))
            yield Result(
                **told,
                part=part,
                seconds=[done.seconds],
                peak_java_mb=0.0,
                peak_python_mb=done.peak_python_mb,
            )
        land_last_day = None
        if scenario.one_more_day:
            country, land_last_day = without_last_day(country, self._work / "data" / "one_more_day")
        with self._server(country) as (server, env, log):
            commands = {"build": self._dbt_command(scenario, country)}
            if land_last_day:
                commands["day"] = commands["build"]
            if land_last_day or not scenario.select:
                commands["again"] = commands["build"]
            if scenario.then_audit:
                variables = json.dumps(country.dbt_vars)
                commands["audit"] = [
                    *(str(_BIN / "throng"), "release", "audit"),
                    *("--vars", variables),
                ]
            before = read_event_log(log)
            for part, command in commands.items():
                if part == "day":
                    land_last_day()
                done = run(command, env, [server.pid])
                after = read_event_log(log)
                spent = {
                    node: seconds - before.cpu_seconds.get(node, 0.0)
                    for node, seconds in after.cpu_seconds.items()
                }
                yield Result(
                    **told,
                    part=part,
                    seconds=[done.seconds],
                    peak_java_mb=done.peak_java_mb,
                    peak_python_mb=done.peak_python_mb,
                    shuffled_mb=after.shuffled_mb - before.shuffled_mb,
                    spilled_mb=after.spilled_mb - before.spilled_mb,
                    slowest=sorted(spent.items(), key=lambda item: -item[1])[:5],
                )
                before = after

    def _duckdb_commands(self, country: Country) -> dict[str, list[str]]:
        folder = self._work / "duckdb"
        folder.mkdir(parents=True, exist_ok=True)
        place = [str(os.cpu_count() or 1), str(folder)]
        commands = {
            "duckdb": [
                *(sys.executable, "-m", "throng.bench.flowminder", str(country.landing)),
                *(START.isoformat(), country.home_end.isoformat(), *place),
            ]
        }
        if self._published:
            commands["published"] = [
                *(sys.executable, "-m", "throng.bench.published", str(country.landing)),
                *(str(self._published), *place),
            ]
        return commands

    def _dbt_command(self, scenario: Scenario, country: Country) -> list[str]:
        left_out = ["unit_test", "test"] if scenario.select else ["unit_test"]
        return [
            *(str(_BIN / "dbt"), "--no-use-colors", "build"),
            *(["--select", *scenario.select] if scenario.select else []),
            *(["--exclude-resource-type", *left_out]),
            *("--vars", json.dumps(country.dbt_vars)),
            *("--target-path", str(self._work / "target")),
            *("--log-path", str(self._work / "logs")),
        ]

    @contextlib.contextmanager
    def _server(
        self, country: Country
    ) -> Iterator[tuple[control.RunningServer, dict[str, str], Path]]:
        """A new server with an empty warehouse, its environment and its event log."""
        log, warehouse = self._work / "event_log", self._work / "warehouse"
        for folder in (log, warehouse):
            shutil.rmtree(folder, ignore_errors=True)
        log.mkdir(parents=True, mode=0o700)
        settings = ServerSettings.resolve(
            port=free_port(),
            memory=self._memory,
            warehouse=warehouse,
            spark_conf=[
                "spark.eventLog.enabled=true",
                "spark.eventLog.compress=false",
                f"spark.eventLog.dir=file://{log}",
            ],
        )
        env = {
            **os.environ,
            "THRONG_PORT": str(settings.port),
            "THRONG_WAREHOUSE": str(warehouse),
            "THRONG_LANDING": str(country.landing),
            "DBT_PROFILES_DIR": "profiles",
        }
        server = control.start(settings, lambda line: None)
        env[PASSWORD_VARIABLE] = password()
        try:
            yield server, env, log
        finally:
            control.stop(settings)


def _together(results: list[Result]) -> Result:
    last = results[-1]
    return Result(
        **{
            **vars(last),
            "seconds": [seconds for result in results for seconds in result.seconds],
            "peak_java_mb": max(result.peak_java_mb for result in results),
            "peak_python_mb": max(result.peak_python_mb for result in results),
        }
    )
