-- Subscribers seen that day, and only in their home area of the reference period.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}

),

subscriber_days as (

    select
        area_visits.event_date,
        home_areas.area_level,
        home_areas.home_area_id
    from area_visits
    inner join home_areas
        on
            area_visits.subscriber_id = home_areas.subscriber_id
            and area_visits.area_level = home_areas.area_level
    where home_areas.period = 'reference'
    group by
        area_visits.event_date,
        home_areas.subscriber_id,
        home_areas.area_level,
        home_areas.home_area_id
    having bool_and(area_visits.area_id = home_areas.home_area_id)

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        home_area_id as area_id,
        count(*) as n_subscribers
    from subscriber_days
    group by
        event_date,
        area_level,
        home_area_id

)

select * from final
