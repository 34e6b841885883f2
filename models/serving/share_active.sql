-- Which share of those who live in an area was seen on a day. Residents are those of the reference
-- period, so that new subscribers do not change it. Of published numbers only, so it says nothing
-- that the two marts do not say.

with

count_active_residents as (

    select * from {{ ref('count_active_residents') }}

),

count_residents as (

    select * from {{ ref('count_residents') }}
    where period = 'reference'

),

final as (

    select
        active.period,
        active.period_start,
        active.area_level,
        active.home_area_id,
        active.n_subscribers,
        count_residents.n_subscribers as n_residents,
        round(active.n_subscribers / count_residents.n_subscribers, 4) as share_active,
        active.n_subscribers is null or count_residents.n_subscribers is null as is_suppressed,
        active.is_complete
    from count_active_residents as active
    left join count_residents
        on
            active.area_level = count_residents.area_level
            and active.home_area_id = count_residents.area_id

)

select * from final
