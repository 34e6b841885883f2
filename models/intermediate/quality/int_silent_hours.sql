{{ config(materialized='view') }}

-- How surprising it is that a place is silent in an hour: -ln(chance of silence), from the same
-- hour of other days, so that the numbers of a stretch of hours add up. Nothing is surprising in an
-- hour in which most places are silent that usually are not: then a delivery is missing.

with

place_days as (

    select * from {{ ref('int_place_days') }}

),

place_hours as (

    select
        *,
        explode(sequence(0, 23)) as hour_of_day
    from place_days

),

hours_listed as (

    select
        place_level,
        place_id,
        place_version,
        hours_of_a_visit,
        event_date,
        hour_of_day,
        timestampadd(hour, hour_of_day, cast(event_date as timestamp)) as hour_start,
        datediff(event_date, date '1970-01-01') as day_number,
        cast(shiftright(hours_seen, hour_of_day) & 1 as int) as is_active
    from place_hours
    where
        timestampadd(hour, hour_of_day, cast(event_date as timestamp)) >= valid_from
        and timestampadd(hour, hour_of_day, cast(event_date as timestamp)) < valid_to

),

-- Other days: the week before and after, and the same weekday of four weeks before and after.
others_counted as (

    select
        *,
        sum(is_active) over (around) - is_active as n_active_around,
        count(*) over (around) - 1 as n_around,
        sum(is_active) over (weekdays) - is_active as n_active_weekdays,
        count(*) over (weekdays) - 1 as n_weekdays
    from hours_listed
    window
        around as (
            partition by place_level, place_id, place_version, hour_of_day
            order by day_number
            range between 7 preceding and 7 following
        ),
        weekdays as (
            partition by place_level, place_id, place_version, hour_of_day, day_number % 7
            order by day_number
            range between 28 preceding and 28 following
        )

),

-- One day more than there are, on which it would have been silent: no chance is 1.
chances_around as (

    select
        *,
        n_active_around / (n_around + 1) as chance_around
    from others_counted

),

-- A market that is closed on Sundays is not down on Sundays. The weekday counts by its days, as
-- against three days like those around.
chances as (

    select
        *,
        least(
            chance_around,
            (n_active_weekdays + 3 * chance_around) / (n_weekdays + 3)
        ) as chance_of_events
    from chances_around

),

hours_of_network as (

    select
        *,
        sum(is_active) over (all_places) as n_active,
        sum(chance_of_events) over (all_places) as n_usually_active
    from chances
    window all_places as (partition by place_level, hour_start)

),

final as (

    select
        place_level,
        place_id,
        place_version,
        event_date,
        hour_start,
        is_active,
        chance_of_events,
        -- The hours of one visitor are not independent of each other. They count by the root of
        -- their number: all would be too many, one too few (docs/definitions.md, Outage).
        case
            when n_active * 2 >= n_usually_active
                then -ln(1 - chance_of_events) / sqrt(hours_of_a_visit)
            else 0
        end as surprise
    from hours_of_network

)

select * from final
