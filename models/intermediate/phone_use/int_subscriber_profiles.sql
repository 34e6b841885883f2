{{ config(materialized='view') }}

-- Every indicator of every subscriber, with bandicoot's names (docs/definitions.md, Subscriber
-- profile). A view: the numbers are stored once, side by side, in the tables it reads; one row each
-- they are a thousand rows a subscriber, and marts need a tenth of them.

with

split_values as (

    select * from {{ ref('int_profile_split_values') }}

),

splits as (

    select * from {{ ref('profile_splits') }}

),

churn as (

    select * from {{ ref('int_profile_churn') }}

),

network as (

    select * from {{ ref('int_profile_network') }}

),

balances as (

    {% if has_feed('recharges') %}
        select * from {{ ref('int_profile_balances') }}
    {% else %}
        select
            subscriber_id,
            key_id,
            cast(null as double) as average_balance_recharges
        from network
        where false
    {% endif %}

),

-- Indicators without splits.
whole_values as (

    select
        subscriber_id,
        key_id,
        stack(
            2,
            'churn_rate', 'mean', churn_rate_mean,
            'churn_rate', 'std', churn_rate_std
        ) as (indicator, statistic, value)
    from churn

    union all

    select
        subscriber_id,
        key_id,
        stack(
            2,
            'clustering_coefficient_unweighted', 'value', clustering_coefficient_unweighted,
            'clustering_coefficient_weighted', 'value', clustering_coefficient_weighted
        ) as (indicator, statistic, value)
    from network

    union all

    select
        subscriber_id,
        key_id,
        stack(
            1,
            'average_balance_recharges', 'value', average_balance_recharges
        ) as (indicator, statistic, value)
    from balances

),

final as (

    select /*+ broadcast(splits) */
        split_values.subscriber_id,
        split_values.key_id,
        split_values.groupby,
        split_values.indicator,
        splits.interaction,
        splits.part_of_week,
        splits.part_of_day,
        split_values.statistic,
        split_values.value
    from split_values
    inner join splits
        on split_values.split_id = splits.split_id

    union all

    select
        subscriber_id,
        key_id,
        'study' as groupby,
        indicator,
        cast(null as string) as interaction,
        'allweek' as part_of_week,
        'allday' as part_of_day,
        statistic,
        value
    from whole_values

)

select * from final
