{{ config(enabled=has_feed('recharges')) }}

-- The average daily balance of a subscriber, estimated from recharges as bandicoot does: the
-- account is empty before each recharge, and its amount is used up evenly until the next one, so
-- half of it is there on an average day in between (whole days, at least one). The sum of these
-- balances is divided by the days from the first recharge to the last (at least one). Null for a
-- single recharge: nobody knows how long the last one lasts.

with

recharges as (

    select * from {{ ref('int_recharges_checked') }}
    where event_date is not null

),

recharges_in_order as (

    select
        subscriber_id,
        key_id,
        recharge_at,
        amount,
        -- At the same instant the smaller amount comes first.
        lead(recharge_at) over (
            partition by subscriber_id
            order by recharge_at, amount
        ) as next_at
    from recharges

),

recharges_used_up as (

    select
        subscriber_id,
        key_id,
        recharge_at,
        case
            when next_at is not null
                then
                    cast(amount as double) / 2
                    * greatest(1, timestampdiff(day, recharge_at, next_at))
        end as balance_days
    from recharges_in_order

),

final as (

    select
        subscriber_id,
        key_id,
        sum(balance_days) / greatest(1, timestampdiff(day, min(recharge_at), max(recharge_at)))
            as average_balance_recharges
    from recharges_used_up
    group by
        subscriber_id,
        key_id

)

select * from final
