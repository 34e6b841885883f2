"""Six indicators of the World Bank by the rules of its public code, with our mends to switch on.

Its code is not run: the rules are those that docs/worldbank.md names, in DuckDB. Without any mend a
number is as there, with all mends as in our marts, and with one mend less it shows what that mend
changes.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pandas as pd

#: What is changed on purpose, by indicator.
MENDS = {
    "subscribers": ("study_ends_at_midnight", "no_unknown_region"),
    "connections": ("no_unknown_region", "instants_count_both_ways", "kinds_are_not_added"),
    "homes": ("no_unknown_region", "one_last_event", "latest_day_wins", "weeks_at_the_edges"),
    "distance": ("who_does_not_move_counts", "mean_radius_of_the_earth"),
    "day_locations": ("midnight_cuts", "silence_lasts_seven_days", "home_of_the_reference_period"),
    "stay_times": ("whole_stays", "silence_lasts_seven_days", "within_a_day", "people_first"),
}
#: The region of what has none, there.
UNKNOWN = "99999"


def connect(
    calls: pd.DataFrame, cells: pd.DataFrame, first: str, last: str
) -> duckdb.DuckDBPyConnection:
    """Events and cells as tables.

    Args:
        calls: subscriber_id, event_at, cell_id.
        cells: cell_id, region, longitude, latitude; a cell without a region is not in it.
        first, last: days of the study.
    """
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.register("calls_given", calls)
    con.register("cells", cells)
    con.execute(
        f"create table study as select date '{first}' as first, date '{last}' as last, "
        f"cast(date '{last}' as timestamp) + interval 1 day as ends"
    )
    con.execute("create table calls as select * from calls_given")
    return con


def indicator(con: duckdb.DuckDBPyConnection, name: str, mends: Collection[str]) -> pd.DataFrame:
    """One of MENDS, by their rules but for these mends."""
    unknown = set(mends) - set(MENDS[name])
    assert not unknown, unknown
    return con.execute(_RULES[name](frozenset(mends))).df()


def _events(mends: frozenset[str], name: str = "events") -> str:
    """The events of the study, each with its region and what follows and precedes it."""
    known = "region is not null" if "no_unknown_region" in mends else "true"
    ends = "<" if "study_ends_at_midnight" in mends else "<="
    return f"""
        {name} as (
            select subscriber_id, event_at, cast(event_at as date) as day, cell_id,
                   coalesce(region, '{UNKNOWN}') as region, longitude, latitude,
                   lag(event_at) over trace as event_before,
                   lag(coalesce(region, '{UNKNOWN}')) over trace as region_before,
                   lead(event_at) over trace as event_after,
                   lead(coalesce(region, '{UNKNOWN}')) over trace as region_after,
                   lag(longitude) over trace as longitude_before,
                   lag(latitude) over trace as latitude_before
            from calls left join cells using (cell_id)
            where {known} and event_at >= (select first from study)
              and event_at {ends} (select ends from study)
            window trace as (partition by subscriber_id order by event_at, cell_id)
        )
    """


def _subscribers(mends: frozenset[str]) -> str:
    return f"""
        with {_events(mends)}
        select day, region, count(distinct subscriber_id) as n_subscribers
        from events group by all order by all
    """


def _connections(mends: frozenset[str]) -> str:
    # Of the pairs of a day they leave out events without a region whatever else is done.
    inner = _events(mends | {"no_unknown_region"}, "inner_events")
    at = "<=" if "instants_count_both_ways" in mends else "<"
    columns = (
        "n_same_day, n_between"
        if "kinds_are_not_added" in mends
        else "n_same_day + n_between as total"
    )
    return f"""
        with {_events(mends)}, {inner},
        visits as (
            select subscriber_id, day, region, min(event_at) as earliest, max(event_at) as latest
            from inner_events group by all
        ),
        of_the_day as (
            select one.day, one.region as from_region, other.region as to_region,
                   count(distinct subscriber_id) as n_same_day
            from visits as one join visits as other using (subscriber_id, day)
            where one.region <> other.region and one.earliest {at} other.latest
            group by all
        ),
        between_days as (
            select day, region_before as from_region, region as to_region, count(*) as n_between
            from events
            where region_before <> region and cast(event_before as date) < day
              and event_at - event_before <= interval 7 day
            group by all
        ),
        both_kinds as (
            select day, from_region, to_region, coalesce(n_same_day, 0) as n_same_day,
                   coalesce(n_between, 0) as n_between
            from of_the_day full join between_days using (day, from_region, to_region)
        )
        select day, from_region, to_region, {columns} from both_kinds order by all
    """


def _home_of(mends: frozenset[str], period: str) -> str:
    """Where each had most days that ended there, by week, or over all days."""
    order = "n desc, latest desc" if "latest_day_wins" in mends else "n desc, region"
    one = ", cell_id" if "one_last_event" in mends else ""
    rank = "row_number()" if one else "rank()"
    start = "date_trunc('week', day)" if period == "week" else "(select first from study)"
    return f"""
        evenings as (
            select subscriber_id, day, region from events
            qualify {rank} over (partition by subscriber_id, day order by event_at desc{one}) = 1
        ),
        counted as (
            select {start} as start, subscriber_id, region, count(*) as n, max(day) as latest
            from evenings group by all
        ),
        homes as (
            select start, subscriber_id, region as home_region from counted
            qualify row_number() over (partition by start, subscriber_id order by {order}) = 1
        )
    """


def _homes(mends: frozenset[str]) -> str:
    whole = (
        "start >= (select first from study) and start + interval 7 day <= (select ends from study)"
    )
    edges = "true" if "weeks_at_the_edges" in mends else whole
    return f"""
        with {_events(mends)}, {_home_of(mends, "week")}
        select cast(start as date) as week, home_region, count(*) as n_subscribers
        from homes where {edges} group by all order by all
    """


def _distance(mends: frozenset[str]) -> str:
    radius = 6371.0088 if "mean_radius_of_the_earth" in mends else 6373
    km = "coalesce(km, 0)" if "who_does_not_move_counts" in mends else "km"
    ours = frozenset({"latest_day_wins", "one_last_event", "no_unknown_region"})
    return f"""
        with {_events(ours)}, {_home_of(ours, "study")},
        people as (
            select day, home_region, subscriber_id,
                   sum(2 * {radius} * asin(least(1, sqrt(
                       sin(radians(latitude - latitude_before) / 2) ** 2
                       + cos(radians(latitude)) * cos(radians(latitude_before))
                       * sin(radians(longitude - longitude_before) / 2) ** 2
                   )))) filter (event_at - event_before <= interval 7 day) as km
            from events join homes using (subscriber_id) group by all
        )
        select day, home_region, count({km}) as n_subscribers, avg({km}) as mean_km,
               stddev_pop({km}) as deviation_km
        from people group by all having count({km}) > 0 order by all
    """


def _until(mends: frozenset[str]) -> str:
    """Microseconds from an event to the next one, or to the end of the study."""
    silence = "interval 7 day" if "silence_lasts_seven_days" in mends else "interval 0 day"
    return f"""
        case when coalesce(event_after, (select ends from study)) - event_at > interval 7 day
             then epoch_us(event_at + {silence}) - epoch_us(event_at)
             else epoch_us(coalesce(event_after, (select ends from study))) - epoch_us(event_at)
        end
    """


def _day_locations(mends: frozenset[str]) -> str:
    ours = frozenset({"latest_day_wins", "one_last_event", "no_unknown_region"})
    period = "study" if "home_of_the_reference_period" in mends else "week"
    same_week = "" if period == "study" else "and start = date_trunc('week', day)"
    times = f"""
        times as (
            select subscriber_id, day, region, event_at as begins,
                   event_at + to_microseconds({_until(mends)}) as ends
            from events
        ),
        seen as (select distinct subscriber_id, day from events),
        parts as (
            select subscriber_id, seen.day, region,
                   sum(epoch_us(least(ends, cast(seen.day as timestamp) + interval 1 day))
                       - epoch_us(greatest(begins, cast(seen.day as timestamp)))) / 3600e6 as hours
            from times join seen using (subscriber_id)
            where begins < cast(seen.day as timestamp) + interval 1 day and ends >= seen.day
            group by all
        )
    """
    if "midnight_cuts" not in mends:
        times = f"""
            parts as (
                select subscriber_id, day, region, sum({_until(mends)}) / 3600e6 as hours
                from events group by all
            )
        """
    return f"""
        with {_events(ours)}, {_home_of(ours, period)}, {times},
        longest as (
            select * from parts
            qualify row_number() over (
                partition by subscriber_id, day order by hours desc, region
            ) = 1
        )
        select day, home_region, region as day_region, count(*) as n_subscribers,
               avg(hours) as mean_hours
        from longest join homes on homes.subscriber_id = longest.subscriber_id {same_week}
        group by all order by all
    """


def _stay_times(mends: frozenset[str]) -> str:
    ours = frozenset({"no_unknown_region"})
    # There: only the first and the last event of a stay are kept, each with the time to its next
    # event; the first has that of the last added, and the origin is the last one's alone.
    theirs = """
        kept as (
            select *, region is distinct from region_before as is_first from timed
            where region is distinct from region_before or region is distinct from region_after
        ),
        moves as (
            select subscriber_id, day, region as to_region, region_before as from_region,
                   cast(event_before as date) as day_before,
                   is_first, hours + case when region = region_after
                       then lead(hours) over trace else 0 end as destination,
                   lag(hours) over trace as origin
            from kept
            window trace as (partition by subscriber_id order by event_at, cell_id)
        )
    """
    whole = """
        numbered as (
            select *, count(*) filter (region is distinct from region_before) over (
                partition by subscriber_id order by event_at, cell_id rows unbounded preceding
            ) as stay
            from timed
        ),
        stays as (
            select subscriber_id, stay, any_value(region) as region, sum(hours) as hours,
                   first(day order by event_at, cell_id) as day,
                   first(cast(event_before as date) order by event_at, cell_id) as day_before
            from numbered group by all
        ),
        moves as (
            select subscriber_id, day, day_before, region as to_region, true as is_first,
                   lag(region) over trace as from_region, hours as destination,
                   lag(hours) over trace as origin
            from stays
            window trace as (partition by subscriber_id order by stay)
        )
    """
    where = " and day_before = day" if "within_a_day" in mends else ""
    by_person = (
        "select day, from_region, to_region, subscriber_id, avg(origin) as origin, "
        "avg(destination) as destination from changes group by all"
    )
    return f"""
        with {_events(ours)},
        timed as (select *, {_until(mends)} / 3600e6 as hours from events),
        {whole if "whole_stays" in mends else theirs},
        changes as (
            select * from moves where is_first and from_region <> to_region{where}
        ),
        counted as ({by_person if "people_first" in mends else "select * from changes"})
        select day, from_region, to_region, count(*) as n, avg(origin) as hours_at_origin,
               avg(destination) as hours_at_destination
        from counted group by all order by all
    """


_RULES = {
    "subscribers": _subscribers,
    "connections": _connections,
    "homes": _homes,
    "distance": _distance,
    "day_locations": _day_locations,
    "stay_times": _stay_times,
}
