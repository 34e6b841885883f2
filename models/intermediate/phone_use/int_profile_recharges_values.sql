{{ config(enabled=has_feed('recharges'), materialized='view') }}

-- Indicators of recharges, one row each: of the study, and of its weeks as mean and standard
-- deviation over the weeks that have a value.

with

recharges as (

    select * from {{ ref('int_profile_recharges') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(number_of_recharges) as number_of_recharges_mean,
        stddev_pop(number_of_recharges) as number_of_recharges_std,
        avg(percent_pareto_recharges) as percent_pareto_recharges_mean,
        stddev_pop(percent_pareto_recharges) as percent_pareto_recharges_std,
        avg(amount_recharges_mean) as amount_recharges_mean_mean,
        stddev_pop(amount_recharges_mean) as amount_recharges_mean_std,
        avg(amount_recharges_std) as amount_recharges_std_mean,
        stddev_pop(amount_recharges_std) as amount_recharges_std_std,
        avg(interevent_time_recharges_mean) as interevent_time_recharges_mean_mean,
        stddev_pop(interevent_time_recharges_mean) as interevent_time_recharges_mean_std,
        avg(interevent_time_recharges_std) as interevent_time_recharges_std_mean,
        stddev_pop(interevent_time_recharges_std) as interevent_time_recharges_std_std
    from recharges
    where week_start is not null
    group by
        subscriber_id,
        key_id,
        split_id

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
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            12,
            'number_of_recharges', 'mean', number_of_recharges_mean,
            'number_of_recharges', 'std', number_of_recharges_std,
            'percent_pareto_recharges', 'mean', percent_pareto_recharges_mean,
            'percent_pareto_recharges', 'std', percent_pareto_recharges_std,
            'amount_recharges', 'mean__mean', amount_recharges_mean_mean,
            'amount_recharges', 'mean__std', amount_recharges_mean_std,
            'amount_recharges', 'std__mean', amount_recharges_std_mean,
            'amount_recharges', 'std__std', amount_recharges_std_std,
            'interevent_time_recharges', 'mean__mean', interevent_time_recharges_mean_mean,
            'interevent_time_recharges', 'mean__std', interevent_time_recharges_mean_std,
            'interevent_time_recharges', 'std__mean', interevent_time_recharges_std_mean,
            'interevent_time_recharges', 'std__std', interevent_time_recharges_std_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
