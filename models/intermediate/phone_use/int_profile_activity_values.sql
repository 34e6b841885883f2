{{ config(materialized='view') }}

-- Indicators of activity, one row each: of the study, and of its weeks.

with

activity as (

    select * from {{ ref('int_profile_activity') }}

),

splits as (

    select * from {{ ref('profile_splits') }}

),

stacked as (

    select
        subscriber_id,
        key_id,
        'study' as groupby,
        split_id,
        stack(
            10,
            'active_days', 'value', cast(active_days as double),
            'number_of_interactions', 'value', cast(number_of_interactions as double),
            'number_of_interaction_in', 'value', cast(number_of_interaction_in as double),
            'number_of_interaction_out', 'value', cast(number_of_interaction_out as double),
            'percent_nocturnal', 'value', percent_nocturnal,
            'percent_initiated_interactions', 'value', percent_initiated_interactions,
            'call_duration', 'mean', call_duration_mean,
            'call_duration', 'std', call_duration_std,
            'interevent_time', 'mean', interevent_time_mean,
            'interevent_time', 'std', interevent_time_std
        ) as (indicator, statistic, value)
    from activity

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            20,
            'active_days', 'mean', active_days_week_mean,
            'active_days', 'std', active_days_week_std,
            'number_of_interactions', 'mean', number_of_interactions_week_mean,
            'number_of_interactions', 'std', number_of_interactions_week_std,
            'number_of_interaction_in', 'mean', number_of_interaction_in_week_mean,
            'number_of_interaction_in', 'std', number_of_interaction_in_week_std,
            'number_of_interaction_out', 'mean', number_of_interaction_out_week_mean,
            'number_of_interaction_out', 'std', number_of_interaction_out_week_std,
            'percent_nocturnal', 'mean', percent_nocturnal_week_mean,
            'percent_nocturnal', 'std', percent_nocturnal_week_std,
            'percent_initiated_interactions', 'mean', percent_initiated_interactions_week_mean,
            'percent_initiated_interactions', 'std', percent_initiated_interactions_week_std,
            'call_duration', 'mean__mean', call_duration_mean_week_mean,
            'call_duration', 'mean__std', call_duration_mean_week_std,
            'call_duration', 'std__mean', call_duration_std_week_mean,
            'call_duration', 'std__std', call_duration_std_week_std,
            'interevent_time', 'mean__mean', interevent_time_mean_week_mean,
            'interevent_time', 'mean__std', interevent_time_mean_week_std,
            'interevent_time', 'std__mean', interevent_time_std_week_mean,
            'interevent_time', 'std__std', interevent_time_std_week_std
        ) as (indicator, statistic, value)
    from activity

),

final as (

    -- Bandicoot computes these for one interaction only.
    select /*+ broadcast(splits) */ stacked.*
    from stacked
    inner join splits
        on stacked.split_id = splits.split_id
    where
        (stacked.indicator <> 'active_days' or splits.interaction = 'callandtext')
        and (
            stacked.indicator not in ('call_duration', 'percent_initiated_interactions')
            or splits.interaction = 'call'
        )

)

select * from final
