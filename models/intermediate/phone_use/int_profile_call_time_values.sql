{{ config(materialized='view') }}

-- Indicators of time in calls, one row each: of the study, and of its weeks as mean and standard
-- deviation over the weeks that have a value.

with

call_time as (

    select * from {{ ref('int_profile_call_time') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(percent_pareto_durations) as percent_pareto_durations_mean,
        stddev_pop(percent_pareto_durations) as percent_pareto_durations_std
    from call_time
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
            1,
            'percent_pareto_durations', 'value', percent_pareto_durations
        ) as (indicator, statistic, value)
    from call_time
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            2,
            'percent_pareto_durations', 'mean', percent_pareto_durations_mean,
            'percent_pareto_durations', 'std', percent_pareto_durations_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
