-- depends_on: {{ ref('release_count_events') }}
-- What the releases in force hold of count_events.

with

released as (

    select * from {{ source('released', 'current_count_events') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers,
        n_events,
        is_suppressed
    from released

)

select * from final
