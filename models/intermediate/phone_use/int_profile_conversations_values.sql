{{ config(materialized='view') }}

-- Indicators of conversations, one row each: of the study, and of its weeks.

with

conversations as (

    select * from {{ ref('int_profile_conversations') }}

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

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            8,
            'percent_initiated_conversations', 'mean', percent_initiated_conversations_week_mean,
            'percent_initiated_conversations', 'std', percent_initiated_conversations_week_std,
            'response_rate_text', 'mean', response_rate_text_week_mean,
            'response_rate_text', 'std', response_rate_text_week_std,
            'response_delay_text', 'mean__mean', response_delay_text_mean_week_mean,
            'response_delay_text', 'mean__std', response_delay_text_mean_week_std,
            'response_delay_text', 'std__mean', response_delay_text_std_week_mean,
            'response_delay_text', 'std__std', response_delay_text_std_week_std
        ) as (indicator, statistic, value)
    from conversations

)

select * from final
