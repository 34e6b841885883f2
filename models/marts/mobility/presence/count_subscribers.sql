-- The publishable part of candidate_count_subscribers.

with

candidates as (

    select * from {{ ref('candidate_count_subscribers') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
