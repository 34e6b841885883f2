-- Home in the reference period compared with home in the week. Subscribers who stayed are included,
-- and so are those without a home in the reference period (previous_home_area_id is null).

with

home_areas as (

    select * from {{ ref('int_home_areas') }}

),

final as (

    select
        'week' as period,
        weekly.period_start,
        weekly.area_level,
        previous.home_area_id as previous_home_area_id,
        weekly.home_area_id as new_home_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('weekly.subscriber_id') }}) as people_key
    from home_areas as weekly
    left join home_areas as previous
        on
            weekly.subscriber_id = previous.subscriber_id
            and weekly.area_level = previous.area_level
            and previous.period = 'reference'
    where weekly.period = 'week'
    group by
        weekly.period_start,
        weekly.area_level,
        previous.home_area_id,
        weekly.home_area_id

)

select * from final
