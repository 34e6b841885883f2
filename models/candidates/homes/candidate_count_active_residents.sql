-- Subscribers by home area (of the reference period) who were seen that day, and how many of the
-- residents of the reference period were not.

with

day_end_areas as (

    select * from {{ ref('int_day_end_areas') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'reference'

),

residents as (

    select
        area_level,
        home_area_id,
        count(*) as n_residents
    from home_areas
    group by
        area_level,
        home_area_id

),

-- A day ends once for everybody who was seen on it.
active as (

    select
        day_end_areas.event_date,
        home_areas.area_level,
        home_areas.home_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('day_end_areas.subscriber_id') }}) as people_key
    from day_end_areas
    inner join home_areas
        on day_end_areas.subscriber_id = home_areas.subscriber_id
    group by
        day_end_areas.event_date,
        home_areas.area_level,
        home_areas.home_area_id

),

final as (

    select
        'day' as period,
        cast(active.event_date as timestamp) as period_start,
        active.area_level,
        active.home_area_id,
        active.n_subscribers,
        active.people_key,
        residents.n_residents - active.n_subscribers as n_not_seen
    from active
    inner join residents
        on
            active.area_level = residents.area_level
            and active.home_area_id = residents.home_area_id

)

select * from final
