{{ config(materialized='by_day', partition_by=['event_date']) }}

-- Subscribers seen in both areas on the same day, in either order.

with

visits_to_several_areas as (

    select * from {{ ref('int_area_visits') }}
    where n_areas_that_day > 1

),

final as (

    select
        'day' as period,
        cast(first_area.event_date as timestamp) as period_start,
        first_area.area_level,
        first_area.area_id as area_id_1,
        second_area.area_id as area_id_2,
        count(*) as n_subscribers,
        sum({{ person_key('first_area.subscriber_id') }}) as people_key,
        first_area.event_date
    from visits_to_several_areas as first_area
    inner join visits_to_several_areas as second_area
        on
            first_area.subscriber_id = second_area.subscriber_id
            and first_area.event_date = second_area.event_date
            and first_area.area_level = second_area.area_level
            and first_area.area_id < second_area.area_id
    group by
        first_area.event_date,
        first_area.area_level,
        first_area.area_id,
        second_area.area_id

)

select * from final
