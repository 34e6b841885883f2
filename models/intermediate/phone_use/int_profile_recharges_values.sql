{{ config(enabled=has_feed('recharges'), materialized='view') }}

-- Indicators of recharges, one row each: of the study, and of its weeks.

with

recharges as (

    select * from {{ ref('int_profile_recharges') }}

),

final as (

    select
        subscriber_id,
        key_id,
        'study' as groupby,
        split_id,
        stack(
            6,
            'number_of_recharges', 'value', cast(number_of_recharges as double),
            'percent_pareto_recharges', 'value', percent_pareto_recharges,
            'amount_recharges', 'mean', amount_recharges_mean,
            'amount_recharges', 'std', amount_recharges_std,
            'interevent_time_recharges', 'mean', interevent_time_recharges_mean,
            'interevent_time_recharges', 'std', interevent_time_recharges_std
        ) as (indicator, statistic, value)
    from recharges

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            12,
            'number_of_recharges', 'mean', number_of_recharges_week_mean,
            'number_of_recharges', 'std', number_of_recharges_week_std,
            'percent_pareto_recharges', 'mean', percent_pareto_recharges_week_mean,
            'percent_pareto_recharges', 'std', percent_pareto_recharges_week_std,
            'amount_recharges', 'mean__mean', amount_recharges_mean_week_mean,
            'amount_recharges', 'mean__std', amount_recharges_mean_week_std,
            'amount_recharges', 'std__mean', amount_recharges_std_week_mean,
            'amount_recharges', 'std__std', amount_recharges_std_week_std,
            'interevent_time_recharges', 'mean__mean', interevent_time_recharges_mean_week_mean,
            'interevent_time_recharges', 'mean__std', interevent_time_recharges_mean_week_std,
            'interevent_time_recharges', 'std__mean', interevent_time_recharges_std_week_mean,
            'interevent_time_recharges', 'std__std', interevent_time_recharges_std_week_std
        ) as (indicator, statistic, value)
    from recharges

)

select * from final
