-- How many came to an area on a day, how many left it, and the difference.

with

arrivals_departures as (

    select * from {{ ref('arrivals_departures') }}

),

movements as (

    select
        period,
        period_start,
        area_level,
        area_id,
        is_complete,
        max(case when movement = 'came' then n_subscribers end) as n_came,
        max(case when movement = 'left' then n_subscribers end) as n_left
    from arrivals_departures
    group by
        period,
        period_start,
        area_level,
        area_id,
        is_complete

),

flows as (

    select
        *,
        stack(
            3, 'in', n_came, 'out', n_left, 'net', n_came - n_left
        ) as (direction, n_moved)
    from movements

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        direction,
        n_moved,
        n_moved is null as is_suppressed,
        is_complete
    from flows

)

select * from final
