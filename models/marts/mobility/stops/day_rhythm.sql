-- depends_on: {{ ref('release_day_rhythm') }}
-- What the releases in force hold of day_rhythm.

with

released as (

    select * from {{ source('released', 'current_day_rhythm') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        hour_of_day,
        activity,
        n_subscribers,
        share_of_residents,
        is_suppressed
    from released

)

select * from final
