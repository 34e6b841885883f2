{{ config(partition_by=['event_date']) }}

-- Who was in which area on which day, at every area level as if it were the only one.

with

cell_visits as (

    select * from {{ ref('int_cell_visits') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

final as (

    select
        cell_visits.subscriber_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        bit_or(cell_visits.hours_seen) as hours_seen,
        min(cell_visits.first_event_at) as first_event_at,
        max(cell_visits.last_event_at) as last_event_at,
        cell_visits.event_date
    from cell_visits
    inner join areas_by_level
        on cell_visits.area_id = areas_by_level.finest_area_id
    group by
        cell_visits.subscriber_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        cell_visits.event_date

)

select * from final
