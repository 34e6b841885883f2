-- Which share of all residents of the country was seen on a day: the sum of the areas of a level.
-- Every level has the same people, so one level of which nothing is withheld is enough.

with

share_active as (

    select * from {{ ref('share_active') }}

),

levels as (

    select
        period,
        period_start,
        area_level,
        is_complete,
        case when not bool_or(is_suppressed) then sum(n_subscribers) end as n_subscribers,
        case when not bool_or(is_suppressed) then sum(n_residents) end as n_residents
    from share_active
    group by
        period,
        period_start,
        area_level,
        is_complete

),

country as (

    select
        period,
        period_start,
        is_complete,
        max(n_subscribers) as n_subscribers,
        max(n_residents) as n_residents
    from levels
    group by
        period,
        period_start,
        is_complete

),

final as (

    select
        period,
        period_start,
        n_subscribers,
        n_residents,
        round(n_subscribers / n_residents, 4) as share_active,
        n_subscribers is null as is_suppressed,
        is_complete
    from country

)

select * from final
