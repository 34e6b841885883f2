{{ config(materialized='view') }}

-- Indicators of contacts, one row each: of the study, and of its weeks as mean and standard
-- deviation over the weeks that have a value.

with

contacts as (

    select * from {{ ref('int_profile_contacts') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(number_of_contacts) as number_of_contacts_mean,
        stddev_pop(number_of_contacts) as number_of_contacts_std,
        avg(entropy_of_contacts) as entropy_of_contacts_mean,
        stddev_pop(entropy_of_contacts) as entropy_of_contacts_std,
        avg(percent_pareto_interactions) as percent_pareto_interactions_mean,
        stddev_pop(percent_pareto_interactions) as percent_pareto_interactions_std,
        avg(balance_of_contacts_mean) as balance_of_contacts_mean_mean,
        stddev_pop(balance_of_contacts_mean) as balance_of_contacts_mean_std,
        avg(balance_of_contacts_std) as balance_of_contacts_std_mean,
        stddev_pop(balance_of_contacts_std) as balance_of_contacts_std_std,
        avg(interactions_per_contact_mean) as interactions_per_contact_mean_mean,
        stddev_pop(interactions_per_contact_mean) as interactions_per_contact_mean_std,
        avg(interactions_per_contact_std) as interactions_per_contact_std_mean,
        stddev_pop(interactions_per_contact_std) as interactions_per_contact_std_std
    from contacts
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
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            14,
            'number_of_contacts', 'mean', number_of_contacts_mean,
            'number_of_contacts', 'std', number_of_contacts_std,
            'entropy_of_contacts', 'mean', entropy_of_contacts_mean,
            'entropy_of_contacts', 'std', entropy_of_contacts_std,
            'percent_pareto_interactions', 'mean', percent_pareto_interactions_mean,
            'percent_pareto_interactions', 'std', percent_pareto_interactions_std,
            'balance_of_contacts', 'mean__mean', balance_of_contacts_mean_mean,
            'balance_of_contacts', 'mean__std', balance_of_contacts_mean_std,
            'balance_of_contacts', 'std__mean', balance_of_contacts_std_mean,
            'balance_of_contacts', 'std__std', balance_of_contacts_std_std,
            'interactions_per_contact', 'mean__mean', interactions_per_contact_mean_mean,
            'interactions_per_contact', 'mean__std', interactions_per_contact_mean_std,
            'interactions_per_contact', 'std__mean', interactions_per_contact_std_mean,
            'interactions_per_contact', 'std__std', interactions_per_contact_std_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
