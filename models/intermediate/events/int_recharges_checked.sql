{{ config(enabled=has_feed('recharges'), partition_by=['event_date']) }}

-- Every row of the recharge files, either accepted, with its event_date, or rejected, with a reason
-- and without event_date. Every build reads them again, since recharges are few: late files need
-- nothing more. Of rows that are equal in every column, the one in the file with the smallest name
-- is accepted once; the others are duplicates, as with events.

with

recharges as (

    select * from {{ ref('stg_landing__recharges') }}

),

copies_numbered as (

    select
        *,
        row_number() over (
            partition by
                recharge_at,
                subscriber_id,
                reject_reason,
                amount
            order by source_file
        ) as copy_number
    from recharges

),

reasons_complete as (

    select
        *,
        case
            when reject_reason is not null then reject_reason
            when copy_number > 1 then 'duplicate'
        end as final_reason
    from copies_numbered

),

final as (

    select /*+ rebalance(event_date) */
        source_file,
        final_reason as reject_reason,
        rejected_value,
        subscriber_id,
        key_id,
        amount,
        recharge_at,
        case when final_reason is null then event_date end as event_date
    from reasons_complete

)

select * from final
