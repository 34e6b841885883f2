-- The publishable part of candidate_count_events.

with

candidates as (

    select * from {{ ref('candidate_count_events') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers,
        n_events
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
