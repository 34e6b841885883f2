-- depends_on: {{ ref('release_profile_segments') }}
-- What the releases in force hold of profile_segments.

with

released as (

    select * from {{ source('released', 'current_profile_segments') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        segment,
        indicator,
        n_subscribers,
        mean_value,
        is_suppressed
    from released

)

select * from final
