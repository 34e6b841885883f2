-- Events in the area, by hour and day, with the head count that decides about publication: a
-- hundred calls of one person are one person.

with

area_hours as (

    select * from {{ ref('int_area_hours') }}

),

subscribers as (

    select * from {{ ref('candidate_count_subscribers') }}

),

events_by_period as (

    select
        'hour' as period,
        hour_start as period_start,
        area_level,
        area_id,
        n_events
    from area_hours

    union all

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        sum(n_events) as n_events
    from area_hours
    group by
        event_date,
        area_level,
        area_id

),

final as (

    select
        events_by_period.period,
        events_by_period.period_start,
        events_by_period.area_level,
        events_by_period.area_id,
        subscribers.n_subscribers,
        subscribers.people_key,
        events_by_period.n_events
    from events_by_period
    inner join subscribers
        on
            events_by_period.period = subscribers.period
            and events_by_period.period_start = subscribers.period_start
            and events_by_period.area_level = subscribers.area_level
            and events_by_period.area_id = subscribers.area_id

)

select * from final
