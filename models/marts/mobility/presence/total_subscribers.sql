-- The publishable part of candidate_total_subscribers.

with

candidates as (

    select * from {{ ref('candidate_total_subscribers') }}

),

final as (

    select
        period,
        period_start,
        n_subscribers
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
