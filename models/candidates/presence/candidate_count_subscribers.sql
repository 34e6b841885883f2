-- Distinct subscribers with an event in the area, by hour, day, week and month.

with

area_visits as (

    select
        *,
        {{ person_key('subscriber_id') }} as person_key
    from {{ ref('int_area_visits') }}

),

area_hours as (

    select * from {{ ref('int_area_hours') }}

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

-- A visit is one subscriber, one day and one area: counting the visits of a day counts people.
final as (

    select
        'hour' as period,
        hour_start as period_start,
        area_level,
        area_id,
        n_subscribers,
        people_key
    from area_hours

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
