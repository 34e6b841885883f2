-- depends_on: {{ ref('release_count_subscribers_single_area') }}
-- What the releases in force hold of count_subscribers_single_area.

with

released as (

    select * from {{ source('released', 'current_count_subscribers_single_area') }}

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
