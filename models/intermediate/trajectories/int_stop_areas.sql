{{ config(materialized='view') }}

-- Every stop in the area of its dominant cell, at every area level.

with

stops as (

    select * from {{ ref('int_stops') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

final as (

    select /*+ broadcast(areas_by_level) */
        stops.subscriber_id,
        stops.key_id,
        stops.stop_number,
        stops.stop_type,
        stops.is_inferred,
        areas_by_level.area_level,
        areas_by_level.area_id,
        stops.arrived_at,
        stops.duration_min_minutes,
        stops.duration_max_minutes,
        stops.week_start
    from stops
    inner join areas_by_level
        on stops.area_id = areas_by_level.finest_area_id

)

select * from final
