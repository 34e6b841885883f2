-- Distinct subscribers with an event in the area, by hour, day, week and month.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

hours_visited as (

    select
        area_level,
        area_id,
        event_date,
        explode(
            filter(sequence(0, 23), hour_of_day -> shiftright(hours_seen, hour_of_day) & 1 = 1)
        ) as hour_of_day
    from area_visits

),

-- A visit is one subscriber, one day, one area: to count visits of an hour or a day is to count
-- people. Over a week or a month the same person comes back and is counted once.
subscribers_by_period as (

    select
        'hour' as period,
        timestampadd(hour, hour_of_day, cast(event_date as timestamp)) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers
    from hours_visited
    group by
        event_date,
        hour_of_day,
        area_level,
        area_id

    union all

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers
    from area_visits
    group by
        event_date,
        area_level,
        area_id

    union all

    select
        'week' as period,
        date_trunc('week', event_date) as period_start,
        area_level,
        area_id,
        count(distinct subscriber_id) as n_subscribers
    from area_visits
    group by
        date_trunc('week', event_date),
        area_level,
        area_id

    union all

    select
        'month' as period,
        date_trunc('month', event_date) as period_start,
        area_level,
        area_id,
        count(distinct subscriber_id) as n_subscribers
    from area_visits
    group by
        date_trunc('month', event_date),
        area_level,
        area_id

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers
    from subscribers_by_period

)

select * from final
