-- Events in the area, by hour and day, with the head count that decides about publication: a
-- hundred calls of one person are one person.

with

events as (

    select * from {{ ref('int_events_located') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

subscribers as (

    select * from {{ ref('candidate_count_subscribers') }}

),

events_by_hour_and_finest_area as (

    select
        date_trunc('hour', event_at) as hour_start,
        area_id,
        count(*) as n_events
    from events
    group by
        date_trunc('hour', event_at),
        area_id

),

events_by_hour as (

    select
        'hour' as period,
        events_by_hour_and_finest_area.hour_start as period_start,
        areas_by_level.area_level,
        areas_by_level.area_id,
        sum(events_by_hour_and_finest_area.n_events) as n_events
    from events_by_hour_and_finest_area
    inner join areas_by_level
        on events_by_hour_and_finest_area.area_id = areas_by_level.finest_area_id
    group by
        events_by_hour_and_finest_area.hour_start,
        areas_by_level.area_level,
        areas_by_level.area_id

),

events_by_period as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_events
    from events_by_hour

    union all

    select
        'day' as period,
        date_trunc('day', period_start) as period_start,
        area_level,
        area_id,
        sum(n_events) as n_events
    from events_by_hour
    group by
        date_trunc('day', period_start),
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
