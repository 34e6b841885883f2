-- Subscribers seen that day, and only in their home area of the reference period.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}

),

final as (

    select
        'day' as period,
        cast(area_visits.event_date as timestamp) as period_start,
        area_visits.area_level,
        area_visits.area_id,
        count(*) as n_subscribers,
        sum({{ person_key('area_visits.subscriber_id') }}) as people_key
    from area_visits
    inner join home_areas
        on
            area_visits.subscriber_id = home_areas.subscriber_id
            and area_visits.area_level = home_areas.area_level
            and area_visits.area_id = home_areas.home_area_id
    where
        area_visits.n_areas_that_day = 1
        and home_areas.period = 'reference'
    group by
        area_visits.event_date,
        area_visits.area_level,
        area_visits.area_id

)

select * from final
