{{ config(materialized='view') }}

-- All indicators that have splits, one below the other.

with

activity as (

    select * from {{ ref('int_profile_activity_values') }}

),

contacts as (

    select * from {{ ref('int_profile_contacts_values') }}

),

call_time as (

    select * from {{ ref('int_profile_call_time_values') }}

),

conversations as (

    select * from {{ ref('int_profile_conversations_values') }}

),

antennas as (

    select * from {{ ref('int_profile_antennas_values') }}

),

gyration as (

    select * from {{ ref('int_profile_gyration_values') }}

),

recharges as (

    select * from {{ ref('int_profile_recharges_values') }}

),

final as (

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from activity

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from contacts

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from call_time

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from conversations

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from antennas

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from gyration

    union all

    select
        subscriber_id,
        key_id,
        groupby,
        split_id,
        indicator,
        statistic,
        value
    from recharges

)

select * from final
