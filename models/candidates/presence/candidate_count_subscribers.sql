-- Distinct subscribers with an event in the area, by hour, day, week and month.

with

area_visits as (

    select
        *,
        {{ person_key('subscriber_id') }} as person_key
    from {{ ref('int_area_visits') }}

),

hours_visited as (

    select
        area_level,
        area_id,
        event_date,
        person_key,
        explode(
            filter(sequence(0, 23), hour_of_day -> shiftright(hours_seen, hour_of_day) & 1 = 1)
        ) as hour_of_day
    from area_visits

),

-- Over a week or a month the same person returns and is counted once.
visitors_by_week as (

    select
        date_trunc('week', event_date) as week_start,
        area_level,
        area_id,
        subscriber_id,
        min(person_key) as person_key
    from area_visits
    group by
        date_trunc('week', event_date),
        area_level,
        area_id,
        subscriber_id

),

visitors_by_month as (

    select
        date_trunc('month', event_date) as month_start,
        area_level,
        area_id,
        subscriber_id,
        min(person_key) as person_key
    from area_visits
    group by
        date_trunc('month', event_date),
        area_level,
        area_id,
        subscriber_id

),

-- A visit is one subscriber, one day and one area: counting the visits of an hour or a day counts
-- people.
final as (

    select
        'hour' as period,
        timestampadd(hour, hour_of_day, cast(event_date as timestamp)) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key
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
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from area_visits
    group by
        event_date,
        area_level,
        area_id

    union all

    select
        'week' as period,
        week_start as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from visitors_by_week
    group by
        week_start,
        area_level,
        area_id

    union all

    select
        'month' as period,
        month_start as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from visitors_by_month
    group by
        month_start,
        area_level,
        area_id

)

select * from final
