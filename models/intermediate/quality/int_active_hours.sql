{{ config(materialized='by_day', partition_by=['event_date']) }}

-- In which hours of a day there were events at a cell, or in an area of any level.

with

cell_visits as (

    select * from {{ ref('int_cell_visits') }}

),

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

visits as (

    select
        'cell' as place_level,
        cell_id as place_id,
        hours_seen,
        event_date
    from cell_visits

    union all

    select
        area_level as place_level,
        area_id as place_id,
        hours_seen,
        event_date
    from area_visits

),

final as (

    select
        place_level,
        place_id,
        bit_or(hours_seen) as hours_seen,
        count(*) as n_visits,
        sum(bit_count(hours_seen)) as n_visit_hours,
        event_date
    from visits
    group by
        place_level,
        place_id,
        event_date

)

select * from final
