-- depends_on: {{ ref('release_stay_durations') }}
-- What the releases in force hold of stay_durations.

with

released as (

    select * from {{ source('released', 'current_stay_durations') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers,
        mean_at_least_minutes,
        median_at_least_minutes,
        mean_at_most_minutes,
        median_at_most_minutes,
        is_suppressed
    from released

)

select * from final
