{{ config(materialized='by_day', partition_by=['event_date'], meta={'retention': 'candidates'}) }}

-- People with an event in the area in the hour, and their events there, at every area level.

with

events as (

    select * from {{ ref('int_events_located') }}

),

area_visits as (

    select
        *,
        {{ person_key('subscriber_id') }} as person_key
    from {{ ref('int_area_visits') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

hours_visited as (

    select
        event_date,
        area_level,
        area_id,
        person_key,
        explode(
            filter(sequence(0, 23), hour_of_day -> shiftright(hours_seen, hour_of_day) & 1 = 1)
        ) as hour_of_day
    from area_visits

),

-- A visit is one subscriber, one day and one area: counting the visits of an hour counts people.
people as (

    select
        event_date,
        hour_of_day,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from hours_visited
    group by
        event_date,
        hour_of_day,
        area_level,
        area_id

),

events_by_finest_area as (

    select
        event_date,
        hour(event_at) as hour_of_day,
        area_id,
        count(*) as n_events
    from events
    group by
        event_date,
        hour(event_at),
        area_id

),

events_by_area as (

    select
        events_by_finest_area.event_date,
        events_by_finest_area.hour_of_day,
        areas_by_level.area_level,
        areas_by_level.area_id,
        sum(events_by_finest_area.n_events) as n_events
    from events_by_finest_area
    inner join areas_by_level
        on events_by_finest_area.area_id = areas_by_level.finest_area_id
    group by
        events_by_finest_area.event_date,
        events_by_finest_area.hour_of_day,
        areas_by_level.area_level,
        areas_by_level.area_id

),

final as (

    select
        timestampadd(hour, people.hour_of_day, cast(people.event_date as timestamp)) as hour_start,
        people.area_level,
        people.area_id,
        people.n_subscribers,
        people.people_key,
        events_by_area.n_events,
        people.event_date
    from people
    inner join events_by_area
        on
            people.event_date = events_by_area.event_date
            and people.hour_of_day = events_by_area.hour_of_day
            and people.area_level = events_by_area.area_level
            and people.area_id = events_by_area.area_id

)

select * from final
