{{ config(materialized='view') }}

-- Indicators of contacts, of the time spent with them and of conversations, one row each: of the
-- study, and of its weeks.

with

contacts as (

    select * from {{ ref('int_profile_contacts') }}

),

call_time as (

    select * from {{ ref('int_profile_call_time') }}

),

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
            7,
            'number_of_contacts', 'value', cast(number_of_contacts as double),
            'entropy_of_contacts', 'value', entropy_of_contacts,
            'percent_pareto_interactions', 'value', percent_pareto_interactions,
            'balance_of_contacts', 'mean', balance_of_contacts_mean,
            'balance_of_contacts', 'std', balance_of_contacts_std,
            'interactions_per_contact', 'mean', interactions_per_contact_mean,
            'interactions_per_contact', 'std', interactions_per_contact_std
        ) as (indicator, statistic, value)
    from contacts

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            14,
            'number_of_contacts', 'mean', number_of_contacts_week_mean,
            'number_of_contacts', 'std', number_of_contacts_week_std,
            'entropy_of_contacts', 'mean', entropy_of_contacts_week_mean,
            'entropy_of_contacts', 'std', entropy_of_contacts_week_std,
            'percent_pareto_interactions', 'mean', percent_pareto_interactions_week_mean,
            'percent_pareto_interactions', 'std', percent_pareto_interactions_week_std,
            'balance_of_contacts', 'mean__mean', balance_of_contacts_mean_week_mean,
            'balance_of_contacts', 'mean__std', balance_of_contacts_mean_week_std,
            'balance_of_contacts', 'std__mean', balance_of_contacts_std_week_mean,
            'balance_of_contacts', 'std__std', balance_of_contacts_std_week_std,
            'interactions_per_contact', 'mean__mean', interactions_per_contact_mean_week_mean,
            'interactions_per_contact', 'mean__std', interactions_per_contact_mean_week_std,
            'interactions_per_contact', 'std__mean', interactions_per_contact_std_week_mean,
            'interactions_per_contact', 'std__std', interactions_per_contact_std_week_std
        ) as (indicator, statistic, value)
    from contacts

    union all

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

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            2,
            'percent_pareto_durations', 'mean', percent_pareto_durations_week_mean,
            'percent_pareto_durations', 'std', percent_pareto_durations_week_std
        ) as (indicator, statistic, value)
    from call_time

    union all

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
