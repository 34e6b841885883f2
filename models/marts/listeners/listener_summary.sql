-- depends_on: {{ ref('release_listener_summary') }}
-- What the releases in force hold of listener_summary.

with

released as (

    select * from {{ source('released', 'current_listener_summary') }}

),

final as (

    select
        period,
        period_start,
        grouped_by,
        group_value,
        feature,
        n_subscribers,
        mean_value,
        variance,
        standard_deviation,
        n_nonzero,
        l1_norm,
        l2_norm,
        is_suppressed
    from released

)

select * from final
