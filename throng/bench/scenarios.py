"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """One piece of work over one kind of country.

    Attributes:
        about: what it is, in the report.
        select: what dbt builds, without tests; empty: everything, with tests.
        levels: area levels of the country.
        beside_duckdb: whether DuckDB makes the same tables from the same files.
        then_audit: whether the release is attacked afterwards.
        one_more_day: whether the last day lands after a build of the days before it.
        listeners: whether the events that count are listening events, beside a small country.
    """

    about: str
    select: tuple[str, ...] = ()
    levels: int = 3
    beside_duckdb: bool = False
    then_audit: bool = False
    one_more_day: bool = False
    listeners: bool = False


#: Our tables with the numbers of Flowminder's aggregates (throng.bench.flowminder).
MARTS = (
    "count_subscribers",
    "count_events",
    "total_subscribers",
    "count_subscribers_single_area",
    "count_subscribers_home_area",
    "count_residents",
    "count_home_relocations",
    "count_visits_home_away",
    "od_matrix_directed_all_pairs",
    "od_matrix_directed_consecutive_pairs",
    "od_matrix_undirected_all_pairs",
)

FLOWMINDER = tuple(f"+candidate_{mart}" for mart in MARTS)

#: Our tables with the World Bank's indicators 2, 3, 5, 6, 7, 9 and 10 (docs/worldbank.md).
WORLD_BANK = (
    "count_subscribers",
    "od_matrix_directed_all_pairs",
    "od_matrix_directed_between_days",
    "count_residents",
    "distance_travelled",
    "day_locations",
    "stay_times_od",
)

SCENARIOS = {
    "flows": Scenario(
        "Flowminder's 13 tables, one area level", FLOWMINDER, levels=1, beside_duckdb=True
    ),
    "worldbank": Scenario(
        "seven of the World Bank's indicators, one area level",
        tuple(f"+candidate_{mart}" for mart in WORLD_BANK),
        levels=1,
    ),
    "levels": Scenario("the same tables at three area levels, all periods", FLOWMINDER),
    "day": Scenario(
        "these tables at three area levels, and then one more day", FLOWMINDER, one_more_day=True
    ),
    "stops": Scenario("stops of every subscriber", ("+int_stops",)),
    "profiles": Scenario(
        "all indicators and splits of every subscriber", ("+int_subscriber_profiles",)
    ),
    "listeners": Scenario(
        "profiles of the listeners of a music service",
        ("+int_listener_profiles", "+candidate_listener_summary"),
        listeners=True,
    ),
    "build": Scenario("every table and test of a study", then_audit=True),
}
