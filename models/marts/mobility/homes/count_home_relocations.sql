-- The publishable part of candidate_count_home_relocations.

with

candidates as (

    select * from {{ ref('candidate_count_home_relocations') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        previous_home_area_id,
        new_home_area_id,
        n_subscribers
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
