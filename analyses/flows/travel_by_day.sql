-- How much did people travel between areas, day by day? Share of the published subscriber-area
-- pairs of a day that lead to another area; a lockdown shows as a fall.

with

pairs as (

    select * from {{ ref('od_matrix_directed_all_pairs') }}

),

final as (

    select
        period_start,
        area_level,
        sum(case when from_area_id <> to_area_id then n_subscribers else 0 end) as n_moves,
        try_divide(
            sum(case when from_area_id <> to_area_id then n_subscribers else 0 end),
            sum(case when from_area_id = to_area_id then n_subscribers else 0 end)
        ) as moves_per_subscriber_area
    from pairs
    group by
        period_start,
        area_level

)

select * from final
