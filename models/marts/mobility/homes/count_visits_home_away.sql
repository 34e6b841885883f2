-- depends_on: {{ ref('release_count_visits_home_away') }}
-- What the releases in force hold of count_visits_home_away.

with

released as (

    select * from {{ source('released', 'current_count_visits_home_away') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        visit_area_id,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
