{{ config(materialized='view') }}

-- Indicators of conversations, one row each: of the study, and of its weeks as mean and standard
-- deviation over the weeks that have a value.

with

conversations as (

    select * from {{ ref('int_profile_conversations') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(percent_initiated_conversations) as percent_initiated_conversations_mean,
        stddev_pop(percent_initiated_conversations) as percent_initiated_conversations_std,
        avg(response_rate_text) as response_rate_text_mean,
        stddev_pop(response_rate_text) as response_rate_text_std,
        avg(response_delay_text_mean) as response_delay_text_mean_mean,
        stddev_pop(response_delay_text_mean) as response_delay_text_mean_std,
        avg(response_delay_text_std) as response_delay_text_std_mean,
        stddev_pop(response_delay_text_std) as response_delay_text_std_std
    from conversations
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
            4,
            'percent_initiated_conversations', 'value', percent_initiated_conversations,
            'response_rate_text', 'value', response_rate_text,
            'response_delay_text', 'mean', response_delay_text_mean,
            'response_delay_text', 'std', response_delay_text_std
        ) as (indicator, statistic, value)
    from conversations
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            8,
            'percent_initiated_conversations', 'mean', percent_initiated_conversations_mean,
            'percent_initiated_conversations', 'std', percent_initiated_conversations_std,
            'response_rate_text', 'mean', response_rate_text_mean,
            'response_rate_text', 'std', response_rate_text_std,
            'response_delay_text', 'mean__mean', response_delay_text_mean_mean,
            'response_delay_text', 'mean__std', response_delay_text_mean_std,
            'response_delay_text', 'std__mean', response_delay_text_std_mean,
            'response_delay_text', 'std__std', response_delay_text_std_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
