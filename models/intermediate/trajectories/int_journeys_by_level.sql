{{ config(materialized='view') }}

-- Every journey from area to area, at every area level, including those within one area.

with

journeys as (

    select * from {{ ref('int_journeys') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

final as (

    select /*+ broadcast(origins), broadcast(destinations) */
        journeys.subscriber_id,
        journeys.key_id,
        journeys.origin_stop,
        origins.area_level,
        origins.area_id as from_area_id,
        destinations.area_id as to_area_id,
        journeys.departed_at,
        journeys.distance_km,
        journeys.duration_min_minutes,
        journeys.duration_max_minutes,
        journeys.week_start
    from journeys
    inner join areas_by_level as origins
        on journeys.from_area_id = origins.finest_area_id
    inner join areas_by_level as destinations
        on
            journeys.to_area_id = destinations.finest_area_id
            and origins.area_level = destinations.area_level

)

select * from final
