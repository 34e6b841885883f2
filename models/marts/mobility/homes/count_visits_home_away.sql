-- The publishable part of candidate_count_visits_home_away.

with

candidates as (

    select * from {{ ref('candidate_count_visits_home_away') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        visit_area_id,
        n_subscribers
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
