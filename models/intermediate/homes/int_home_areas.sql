{{ config(partition_by=['period']) }}

-- The home area of each subscriber in each period: the area where most of the subscriber's days
-- ended; ties by the most recent such day. One active day is enough. The period 'reference' runs
-- from home_start to home_end: visits and relocations are compared with it.

with

day_end_areas as (

    select * from {{ ref('int_day_end_areas') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

study_window as (

    select * from {{ ref('int_study_window') }}

),

days_by_period as (

    select
        day_end_areas.subscriber_id,
        day_end_areas.key_id,
        day_end_areas.area_id,
        day_end_areas.event_date,
        study_window.study_start_date,
        study_window.home_start_date,
        study_window.home_end_date,
        explode(array('study', 'reference', 'week', 'month')) as period
    from day_end_areas
    cross join study_window

),

periods as (

    select
        subscriber_id,
        key_id,
        area_id,
        event_date,
        period,
        case period
            when 'study' then cast(study_start_date as timestamp)
            when 'reference' then cast(home_start_date as timestamp)
            when 'week' then date_trunc('week', event_date)
            when 'month' then date_trunc('month', event_date)
        end as period_start
    from days_by_period
    where
        period <> 'reference'
        or (event_date >= home_start_date and event_date <= home_end_date)

),

days_per_finest_area as (

    select
        subscriber_id,
        key_id,
        period,
        period_start,
        area_id,
        count(*) as n_days,
        max(event_date) as last_date
    from periods
    group by
        subscriber_id,
        key_id,
        period,
        period_start,
        area_id

),

days_per_area as (

    select
        days_per_finest_area.subscriber_id,
        days_per_finest_area.key_id,
        days_per_finest_area.period,
        days_per_finest_area.period_start,
        areas_by_level.area_level,
        areas_by_level.area_id,
        sum(days_per_finest_area.n_days) as n_days,
        max(days_per_finest_area.last_date) as last_date
    from days_per_finest_area
    inner join areas_by_level
        on days_per_finest_area.area_id = areas_by_level.finest_area_id
    group by
        days_per_finest_area.subscriber_id,
        days_per_finest_area.key_id,
        days_per_finest_area.period,
        days_per_finest_area.period_start,
        areas_by_level.area_level,
        areas_by_level.area_id

),

areas_ranked as (

    -- No further tie-break is needed: a day ends in one area only.
    select
        subscriber_id,
        key_id,
        period,
        period_start,
        area_level,
        area_id,
        row_number() over (
            partition by subscriber_id, period, period_start, area_level
            order by n_days desc, last_date desc
        ) as area_rank
    from days_per_area

),

final as (

    select
        subscriber_id,
        key_id,
        area_level,
        area_id as home_area_id,
        period_start,
        period
    from areas_ranked
    where area_rank = 1

)

select * from final
