-- depends_on: {{ ref('release_contact_matrix') }}
-- What the releases in force hold of contact_matrix.

with

released as (

    select * from {{ source('released', 'current_contact_matrix') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        n_subscribers,
        n_interactions,
        reciprocity,
        is_suppressed
    from released

)

select * from final
