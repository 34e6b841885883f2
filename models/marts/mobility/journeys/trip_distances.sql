-- depends_on: {{ ref('release_trip_distances') }}
-- What the releases in force hold of trip_distances.

with

released as (

    select * from {{ source('released', 'current_trip_distances') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        distance_from_km,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
