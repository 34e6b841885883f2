{{ config(enabled=has_feed('recharges')) }}

-- How much, when and how evenly a subscriber recharges, in the study and over its weeks.

with

recharge_splits as (

    select * from {{ ref('int_profile_recharge_splits') }}

),

recharges_in_order as (

    select
        *,
        lag(recharge_at) over (
            partition by subscriber_id, split_id, week_start
            order by recharge_at
        ) as previous_at,
        sum(amount) over (partition by subscriber_id, split_id, week_start) as amount_all,
        sum(amount) over (
            partition by subscriber_id, split_id, week_start
            order by amount desc, recharge_at asc
            rows between unbounded preceding and current row
        ) - amount as amount_before
    from recharge_splits

),

recharges_compared as (

    select
        subscriber_id,
        key_id,
        split_id,
        cast(amount as double) as amount,
        {{ seconds_between('previous_at', 'recharge_at') }} as interevent_s,
        -- The largest recharges that make up four fifths of all money. Decimals keep equal sums
        -- equal.
        amount_before < 0.8 * amount_all as is_of_the_largest,
        week_start
    from recharges_in_order

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        count(*) as number_of_recharges,
        avg(amount) as amount_recharges_mean,
        stddev_pop(amount) as amount_recharges_std,
        avg(interevent_s) as interevent_time_recharges_mean,
        stddev_pop(interevent_s) as interevent_time_recharges_std,
        -- One recharge, where all amounts are 0.
        greatest(1, count_if(is_of_the_largest)) / count(*) as percent_pareto_recharges,
        week_start
    from recharges_compared
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('number_of_recharges') }},
        {{ over_weeks('amount_recharges_mean') }},
        {{ over_weeks('amount_recharges_std') }},
        {{ over_weeks('interevent_time_recharges_mean') }},
        {{ over_weeks('interevent_time_recharges_std') }},
        {{ over_weeks('percent_pareto_recharges') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
