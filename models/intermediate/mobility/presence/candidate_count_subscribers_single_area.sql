-- Subscribers seen in exactly one area that day.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

subscriber_days as (

    select
        subscriber_id,
        event_date,
        area_level,
        min(area_id) as area_id
    from area_visits
    group by
        subscriber_id,
        event_date,
        area_level
    having count(*) = 1

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers
    from subscriber_days
    group by
        event_date,
        area_level,
        area_id

)

select * from final
