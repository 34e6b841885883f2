-- depends_on: {{ ref('release_count_stops') }}
-- What the releases in force hold of count_stops.

with

released as (

    select * from {{ source('released', 'current_count_stops') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        kind,
        n_subscribers,
        n_stops,
        is_suppressed
    from released

)

select * from final
