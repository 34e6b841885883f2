-- depends_on: {{ ref('release_od_matrix_directed_all_pairs') }}
-- What the releases in force hold of od_matrix_directed_all_pairs.

with

released as (

    select * from {{ source('released', 'current_od_matrix_directed_all_pairs') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
