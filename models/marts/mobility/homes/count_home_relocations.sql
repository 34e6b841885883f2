-- depends_on: {{ ref('release_count_home_relocations') }}
-- What the releases in force hold of count_home_relocations.

with

released as (

    select * from {{ source('released', 'current_count_home_relocations') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        previous_home_area_id,
        new_home_area_id,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
