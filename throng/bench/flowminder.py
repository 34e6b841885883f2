"""Flowminder's COVID-19 aggregates in DuckDB: what else a user would run on one machine.

Written by us from the published definitions (docs/definitions.md); no statement of theirs is here.
As published, each query reads the calls and the cells again, groups of 15 or fewer are left out,
and the only table of single subscribers is that of the homes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb

#: Fewest people of a cell that is kept.
MIN_GROUP_SIZE = 16

# Calls at a cell that has an area. A view: every query reads the files again.
LOCATED = """
create or replace view located as
select calls.subscriber_id, calls.event_at, cast(calls.event_at as date) as event_date,
       calls.cell_id, cells.area_id
from read_parquet('{landing}/events/**/*.parquet') as calls
join read_parquet('{landing}/cell_sites/*.parquet') as cells
  on calls.cell_id = cells.cell_id
 and calls.event_at >= coalesce(cells.valid_from, timestamp '0001-01-01')
 and calls.event_at < coalesce(cells.valid_to, timestamp '9999-12-31')
where cells.area_id is not null
"""

# Where most days of somebody ended; on a tie, the most recent such day. Keys: whose, and when.
_HOMES = """
with evenings as (
    select subscriber_id, event_date, date_trunc('week', event_date) as week_start, area_id
    from located {where}
    qualify row_number() over (
        partition by subscriber_id, event_date order by event_at desc, cell_id
    ) = 1
)
select {keys}, area_id from evenings
group by {keys}, area_id
qualify row_number() over (
    partition by {keys} order by count(*) desc, max(event_date) desc
) = 1
"""

_VISITS = "select distinct subscriber_id, event_date, area_id from located"
_LEAST = "getvariable('min_group_size')"
_BIG_ENOUGH = f"having count(*) >= {_LEAST}"

#: Name of a table -> the select that makes it; homes first, for others read them.
TABLES: Mapping[str, str] = {
    "homes": _HOMES.format(
        keys="subscriber_id",
        where="where event_date between getvariable('home_start') and getvariable('home_end')",
    ),
    **{
        f"count_subscribers_per_{period}": f"""
        select date_trunc('{period}', event_at) as period_start, area_id,
               count(distinct subscriber_id) as n_subscribers
        from located group by all having count(distinct subscriber_id) >= {_LEAST}
        """
        for period in ("hour", "day", "week")
    },
    "count_events": f"""
        select date_trunc('hour', event_at) as period_start, area_id, count(*) as n_events
        from located group by all having count(distinct subscriber_id) >= {_LEAST}
    """,
    "total_subscribers": f"""
        select event_date, count(distinct subscriber_id) as n_subscribers
        from located group by all having count(distinct subscriber_id) >= {_LEAST}
    """,
    "count_residents": f"""
        select area_id, count(*) as n_subscribers from homes group by all {_BIG_ENOUGH}
    """,
    "od_matrix_directed_all_pairs": f"""
        with visits as (
            select subscriber_id, event_date, area_id,
                   min(event_at) as first_at, max(event_at) as last_at
            from located group by all
        )
        select origin.event_date, origin.area_id as from_area_id,
               destination.area_id as to_area_id, count(*) as n_subscribers
        from visits as origin join visits as destination
          on origin.subscriber_id = destination.subscriber_id
         and origin.event_date = destination.event_date
         and origin.first_at <= destination.last_at
        group by all {_BIG_ENOUGH}
    """,
    "od_matrix_directed_consecutive_pairs": f"""
        with steps as (
            select subscriber_id, event_date, area_id as from_area_id,
                   lead(area_id) over (
                       partition by subscriber_id, event_date order by event_at, cell_id
                   ) as to_area_id
            from located
        ),
        pairs as (select distinct * from steps where to_area_id is not null)
        select event_date, from_area_id, to_area_id, count(*) as n_subscribers
        from pairs group by all {_BIG_ENOUGH}
    """,
    "od_matrix_undirected_all_pairs": f"""
        with visits as ({_VISITS})
        select first.event_date, first.area_id as area_id_1, second.area_id as area_id_2,
               count(*) as n_subscribers
        from visits as first join visits as second
          on first.subscriber_id = second.subscriber_id
         and first.event_date = second.event_date and first.area_id < second.area_id
        group by all {_BIG_ENOUGH}
    """,
    "count_visits_home_away": f"""
        with visits as ({_VISITS})
        select event_date, homes.area_id as home_area_id, visits.area_id as visit_area_id,
               count(*) as n_subscribers
        from visits left join homes using (subscriber_id)
        group by all {_BIG_ENOUGH}
    """,
    "count_home_relocations": f"""
        with weekly as ({_HOMES.format(keys="week_start, subscriber_id", where="")})
        select week_start, homes.area_id as previous_home_area_id,
               weekly.area_id as new_home_area_id, count(*) as n_subscribers
        from weekly left join homes using (subscriber_id)
        group by all {_BIG_ENOUGH}
    """,
    "count_subscribers_single_area": f"""
        with people as (
            select subscriber_id, event_date, min(area_id) as area_id
            from located group by all having count(distinct area_id) = 1
        )
        select event_date, area_id, count(*) as n_subscribers from people
        group by all {_BIG_ENOUGH}
    """,
    "count_subscribers_home_area": f"""
        with people as (
            select located.subscriber_id, located.event_date, homes.area_id
            from located join homes using (subscriber_id)
            group by all having bool_and(located.area_id = homes.area_id)
        )
        select event_date, area_id, count(*) as n_subscribers from people
        group by all {_BIG_ENOUGH}
    """,
}


def over_files(views: str, landing: Path, threads: int, folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that may spill to the folder, with views of the files of {landing}."""
    connection = duckdb.connect(config={"threads": threads, "temp_directory": str(folder)})
    connection.execute(views.format(landing=str(landing).replace("'", "''")))
    return connection


def make_tables(
    landing: Path,
    home: tuple[date, date],
    threads: int,
    folder: Path,
    min_group_size: int = MIN_GROUP_SIZE,
) -> duckdb.DuckDBPyConnection:
    """All tables; the caller closes the database.

    Args:
        home: first and last day of the home period.
    """
    connection = over_files(LOCATED, landing, threads, folder)
    for name, value in {
        "home_start": home[0],
        "home_end": home[1],
        "min_group_size": min_group_size,
    }.items():
        connection.execute(f"set variable {name} = ?", [value])
    for name, select in TABLES.items():
        connection.execute(f"create table {name} as {select}")
    return connection


def main() -> None:
    """Make the tables and print how many cells they have: python -m throng.bench.flowminder
    LANDING HOME_START HOME_END THREADS FOLDER."""
    landing, home_start, home_end, threads, folder = sys.argv[1:]
    with make_tables(
        Path(landing),
        (date.fromisoformat(home_start), date.fromisoformat(home_end)),
        int(threads),
        Path(folder),
    ) as connection:
        cells = [f"(select count(*) from {name})" for name in TABLES if name != "homes"]
        print(connection.execute(f"select {' + '.join(cells)}").fetchone()[0])


if __name__ == "__main__":
    main()
