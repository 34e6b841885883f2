-- depends_on: {{ ref('release_od_matrix_undirected_all_pairs') }}
-- What the releases in force hold of od_matrix_undirected_all_pairs.

with

released as (

    select * from {{ source('released', 'current_od_matrix_undirected_all_pairs') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id_1,
        area_id_2,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
