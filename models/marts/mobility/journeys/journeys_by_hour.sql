-- depends_on: {{ ref('release_journeys_by_hour') }}
-- What the releases in force hold of journeys_by_hour.

with

released as (

    select * from {{ source('released', 'current_journeys_by_hour') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        day_type,
        hour_of_day,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
