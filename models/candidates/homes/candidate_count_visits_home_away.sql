-- Subscribers by home area (of the reference period; null: none) and by area in which they were
-- seen that day.

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
        home_areas.home_area_id,
        area_visits.area_id as visit_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('area_visits.subscriber_id') }}) as people_key
    from area_visits
    left join home_areas
        on
            area_visits.subscriber_id = home_areas.subscriber_id
            and area_visits.area_level = home_areas.area_level
            and home_areas.period = 'reference'
    group by
        area_visits.event_date,
        area_visits.area_level,
        home_areas.home_area_id,
        area_visits.area_id

)

select * from final
