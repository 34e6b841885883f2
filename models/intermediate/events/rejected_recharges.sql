{{ config(enabled=has_feed('recharges')) }}

-- Every row of the recharge files that is rejected, and why.

with

recharges as (

    select * from {{ ref('int_recharges_checked') }}

),

final as (

    select
        source_file,
        reject_reason,
        rejected_value
    from recharges
    where event_date is null

)

select * from final
