-- depends_on: {{ ref('release_profile_summary') }}
-- What the releases in force hold of profile_summary.

with

released as (

    select * from {{ source('released', 'current_profile_summary') }}

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        indicator,
        interaction,
        part_of_week,
        part_of_day,
        n_subscribers,
        n_with_value,
        mean_value,
        standard_deviation,
        first_quartile_value,
        median_value,
        third_quartile_value,
        is_suppressed
    from released

)

select * from final
