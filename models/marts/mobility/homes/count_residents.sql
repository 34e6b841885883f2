-- depends_on: {{ ref('release_count_residents') }}
-- What the releases in force hold of count_residents.

with

released as (

    select * from {{ source('released', 'current_count_residents') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
