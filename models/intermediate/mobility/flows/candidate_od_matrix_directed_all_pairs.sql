-- Subscribers whose first event in `from` is not later than their last event in `to`, that day.
-- from = to is in it; two areas at one instant count both ways.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

final as (

    select
        'day' as period,
        cast(origin.event_date as timestamp) as period_start,
        origin.area_level,
        origin.area_id as from_area_id,
        destination.area_id as to_area_id,
        count(*) as n_subscribers
    from area_visits as origin
    inner join area_visits as destination
        on
            origin.subscriber_id = destination.subscriber_id
            and origin.event_date = destination.event_date
            and origin.area_level = destination.area_level
            and origin.first_event_at <= destination.last_event_at
    group by
        origin.event_date,
        origin.area_level,
        origin.area_id,
        destination.area_id

)

select * from final
