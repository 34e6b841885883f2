-- What of each release is in force, and how its numbers are protected.

with

ledger as (

    select * from {{ source('released', 'ledger') }}

),

final as (

    select
        release_id,
        mart,
        period,
        cast(date_trunc('second', max(recorded_at)) as timestamp) as published_at,
        min(period_start) as first_period_start,
        max(period_start) as last_period_start,
        count(*) as n_periods,
        sum(n_rows) as n_rows,
        sum(n_suppressed) as n_suppressed,
        max(min_group_size) as min_group_size,
        max(mechanism) as mechanism,
        max(epsilon) as epsilon,
        max(rounding_base) as rounding_base
    from ledger
    where status = 'published'
    group by
        release_id,
        mart,
        period

)

select * from final
