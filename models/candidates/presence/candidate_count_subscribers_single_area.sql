-- Subscribers seen in exactly one area that day.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key
    from area_visits
    where n_areas_that_day = 1
    group by
        event_date,
        area_level,
        area_id

)

select * from final
