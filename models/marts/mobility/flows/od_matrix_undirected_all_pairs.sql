-- The publishable part of candidate_od_matrix_undirected_all_pairs.

with

candidates as (

    select * from {{ ref('candidate_od_matrix_undirected_all_pairs') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id_1,
        area_id_2,
        n_subscribers
    from candidates
    where {{ has_min_group_size('n_subscribers') }}

)

select * from final
