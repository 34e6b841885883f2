{{ config(materialized='by_day', partition_by=['event_date']) }}

-- Subscribers whose first event in `from` is not later than their last event in `to`, that day.
-- from = to is included; two areas at the same instant count in both directions.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

-- A subscriber seen in one area that day pairs it with itself; the join leaves them out.
visits_to_several_areas as (

    select * from area_visits
    where n_areas_that_day > 1

),

pairs as (

    select
        subscriber_id,
        event_date,
        area_level,
        area_id as from_area_id,
        area_id as to_area_id
    from area_visits

    union all

    select
        origin.subscriber_id,
        origin.event_date,
        origin.area_level,
        origin.area_id as from_area_id,
        destination.area_id as to_area_id
    from visits_to_several_areas as origin
    inner join visits_to_several_areas as destination
        on
            origin.subscriber_id = destination.subscriber_id
            and origin.event_date = destination.event_date
            and origin.area_level = destination.area_level
            and origin.area_id <> destination.area_id
            and origin.first_event_at <= destination.last_event_at

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        from_area_id,
        to_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key,
        event_date
    from pairs
    group by
        event_date,
        area_level,
        from_area_id,
        to_area_id

)

select * from final
