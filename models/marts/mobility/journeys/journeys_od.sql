-- depends_on: {{ ref('release_journeys_od') }}
-- What the releases in force hold of journeys_od.

with

released as (

    select * from {{ source('released', 'current_journeys_od') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        n_subscribers,
        n_journeys,
        mean_distance_km,
        mean_at_least_minutes,
        mean_at_most_minutes,
        is_suppressed
    from released

)

select * from final
