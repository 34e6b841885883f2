-- depends_on: {{ ref('release_total_subscribers') }}
-- What the releases in force hold of total_subscribers.

with

released as (

    select * from {{ source('released', 'current_total_subscribers') }}

),

final as (

    select
        period,
        period_start,
        n_subscribers,
        is_suppressed
    from released

)

select * from final
