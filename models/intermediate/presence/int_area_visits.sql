{{ config(
    materialized='by_day',
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- Which subscriber was in which area on which day, at every area level as if it were the only one.

with

cell_visits as (

    select * from {{ ref('int_cell_visits') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

area_visits as (

    select /*+ broadcast(areas_by_level) */
        cell_visits.subscriber_id,
        cell_visits.key_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        cell_visits.event_date,
        bit_or(cell_visits.hours_seen) as hours_seen,
        min(cell_visits.first_event_at) as first_event_at,
        max(cell_visits.last_event_at) as last_event_at
    from cell_visits
    inner join areas_by_level
        on cell_visits.area_id = areas_by_level.finest_area_id
    group by
        cell_visits.subscriber_id,
        cell_visits.key_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        cell_visits.event_date

),

area_visits_counted as (

    select
        *,
        count(*) over (partition by subscriber_id, event_date, area_level) as n_areas_that_day
    from area_visits

),

final as (

    select
        subscriber_id,
        key_id,
        area_level,
        area_id,
        n_areas_that_day,
        hours_seen,
        first_event_at,
        last_event_at,
        event_date
    from area_visits_counted

)

select * from final
