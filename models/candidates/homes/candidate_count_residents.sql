-- Subscribers by the home area of the period.

with

home_areas as (

    select * from {{ ref('int_home_areas') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        home_area_id as area_id,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key
    from home_areas
    group by
        period,
        period_start,
        area_level,
        home_area_id

)

select * from final
