"""What the report asks of the marts. Nothing else is read: each statement names a mart."""

from __future__ import annotations

#: Each query by name. {periods} is a list of SQL texts.
QUERIES = {
    "releases": """
        select release_id, mart, period, cast(published_at as string) as published_at,
            date_format(first_period_start, 'yyyy-MM-dd') as first_date,
            date_format(last_period_start, 'yyyy-MM-dd') as last_date,
            n_rows, n_suppressed, min_group_size, mechanism, rounding_base
        from marts.releases
        order by release_id, mart, period
    """,
    # The levels from the one with the fewest areas on.
    "areas": """
        with
        current as (
            select *, count(*) over (partition by area_level) as n_areas
            from marts.areas
            where is_current
        )
        select area_level, area_id, area_name, parent_area_id, population, has_cells, outline,
            outline_source, boundary_source, centroid_longitude, centroid_latitude, area_km2
        from current
        order by n_areas, area_level, area_id
    """,
    "presence": """
        select period, date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, area_id, n_subscribers
        from marts.count_subscribers
        where period in ({periods})
        order by period, start, area_level, area_id
    """,
    "change": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, area_id,
            baseline_median, baseline_mad, change_percent, abnormality
        from marts.count_subscribers_change
        order by start, area_level, area_id
    """,
    "estimates": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, area_id,
            people_estimated, people_estimated_low, people_estimated_high
        from marts.count_subscribers_estimated
        order by start, area_level, area_id
    """,
    # What is surest, ten of each level.
    "context": """
        with
        found as (
            select *,
                row_number() over (
                    partition by area_level
                    order by p_value_corrected, abs(pearson) desc, area_id, lag_days
                ) as place
            from marts.series_correlation
            where other_series_name <> 'count_subscribers' and p_value_corrected < 0.05
        )
        select area_level, area_id, other_series_name, lag_days, n_days, pearson
        from found
        where place <= 10
        order by area_level, place
    """,
    "reference_days": """
        select date_format(min(period_start), 'yyyy-MM-dd'),
            date_format(max(period_start), 'yyyy-MM-dd')
        from marts.count_subscribers_change
        where is_baseline
    """,
    "flows": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, from_area_id, to_area_id,
            n_journeys, n_subscribers, mean_distance_km
        from marts.journeys_od
        where period = 'week' and not is_suppressed
        order by start, area_level, n_journeys desc, from_area_id, to_area_id
    """,
    "flow_pairs": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level,
            count(*) as n_pairs, count_if(is_suppressed) as n_withheld
        from marts.journeys_od
        where period = 'week'
        group by start, area_level
        order by start, area_level
    """,
    "residents": """
        select area_level, area_id, n_subscribers
        from marts.count_residents
        where period = 'study'
        order by area_level, area_id
    """,
    "relocations": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, previous_home_area_id,
            new_home_area_id, n_subscribers
        from marts.count_home_relocations
        where not is_suppressed and previous_home_area_id <> new_home_area_id
        order by start, area_level, n_subscribers desc, previous_home_area_id, new_home_area_id
    """,
    "rhythm": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, area_id, activity, hour_of_day,
            cast(round(100 * share_of_residents, 1) as double) as percent
        from marts.day_rhythm
        order by start, area_level, area_id, activity, hour_of_day
    """,
    "stays": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, area_id, median_at_least_minutes
        from marts.stay_durations
        order by start, area_level, area_id
    """,
    "trips": """
        select date_format(period_start, 'yyyy-MM-dd') as start,
            area_level, home_area_id, distance_from_km,
            n_subscribers
        from marts.trip_distances
        order by start, area_level, home_area_id, distance_from_km
    """,
    "profiles": """
        select area_level, area_id, indicator, mean_value
        from marts.profile_summary
        where interaction in ('callandtext', 'any') and part_of_week = 'allweek'
            and part_of_day = 'allday'
            and indicator in ({indicators})
        order by area_level, area_id, indicator
    """,
    # A day on which so few events were counted that the network or its records had a fault: six
    # median deviations below the median of all days, where no area of the coarsest level is
    # withheld.
    "poor_days": """
        with
        levels as (
            select area_level from marts.count_events where period = 'day'
            group by area_level order by count(*) asc limit 1
        ),
        days as (
            select date_format(period_start, 'yyyy-MM-dd') as start,
            sum(n_events) as n_events
            from marts.count_events
            left semi join levels using (area_level)
            where period = 'day'
            group by start
            having not bool_or(is_suppressed)
        ),
        compared as (
            select *, median(n_events) over () as usual from days
        ),
        deviations as (
            select *, median(abs(n_events - usual)) over () as deviation from compared
        )
        select start, n_events, cast(round(100 * n_events / usual) as int) as percent_of_usual
        from deviations
        where n_events < usual - 6 * deviation and n_events < 0.8 * usual
        order by start
    """,
}

#: The same of marts that are there where a feed has landed.
QUERIES_OF_FEEDS = {
    "need": """
        select entity, reasons, need_index, need_cluster
        from marts.need_ranking
        where need_rank is not null
        order by need_rank, entity
        limit 10
    """,
}


def _most_changed(sign: str, order: str) -> str:
    """The area that emptied or filled most: by the median of the days after the baseline.

    Only of areas of which at least half of these days are published.
    """
    return f"""
        select area_id, median(change_percent) as percent, count(change_percent) as n_days
        from marts.count_subscribers_change
        where area_level = '{{level}}'
            and period_start > (
                select max(period_start) from marts.count_subscribers_change where is_baseline
            )
        group by area_id
        having 2 * count(change_percent) >= count(*) and median(change_percent) {sign} 0
        order by percent {order}, area_id asc
        limit 1
    """


#: The three to five sentences at the top. Each is asked for one level and is a row or none.
FINDINGS = {
    "emptied": _most_changed("<", "asc"),
    "filled": _most_changed(">", "desc"),
    "largest_flow": """
        select from_area_id, to_area_id, n_journeys, n_subscribers,
            date_format(period_start, 'yyyy-MM-dd') as start
        from marts.journeys_od
        where area_level = '{level}' and period = 'week' and not is_suppressed
            and from_area_id <> to_area_id
        order by n_journeys desc, period_start asc, from_area_id asc, to_area_id asc
        limit 1
    """,
    "largest_relocation": """
        select previous_home_area_id, new_home_area_id, n_subscribers,
            date_format(period_start, 'yyyy-MM-dd') as start
        from marts.count_home_relocations
        where area_level = '{level}' and not is_suppressed
            and previous_home_area_id <> new_home_area_id
        order by n_subscribers desc, period_start asc, previous_home_area_id asc,
            new_home_area_id asc
        limit 1
    """,
    "withheld": """
        select count_if(is_suppressed) as n_withheld, count(*) as n_numbers,
            cast(round(100 * count_if(is_suppressed) / count(*), 1) as double) as percent
        from marts.count_subscribers
        where area_level = '{level}' and period = 'day'
        having count(*) > 0
    """,
}
