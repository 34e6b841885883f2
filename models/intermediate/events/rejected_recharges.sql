-- Every row of the top-up files that is not used, and why.

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
