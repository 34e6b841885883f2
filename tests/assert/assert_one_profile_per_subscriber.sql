{{ config(group='pipeline') }}

-- The tables that profiles are made of have one row for each subscriber, split and period, or for
-- each subscriber: so that a profile has each of its values once.

with

activity as (

    select * from {{ ref('int_profile_activity') }}

),

contacts as (

    select * from {{ ref('int_profile_contacts') }}

),

call_time as (

    select * from {{ ref('int_profile_call_time') }}

),

conversations as (

    select * from {{ ref('int_profile_conversations') }}

),

cells as (

    select * from {{ ref('int_profile_cells') }}

),

gyration as (

    select * from {{ ref('int_profile_gyration') }}

),

recharges as (

    {% if has_feed('recharges') %}
        select * from {{ ref('int_profile_recharges') }}
    {% else %}
        select * from activity
        where false
    {% endif %}

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
        select * from network
        where false
    {% endif %}

),

rows_of_profiles as (

    select
        'activity' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from activity

    union all

    select
        'contacts' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from contacts

    union all

    select
        'call_time' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from call_time

    union all

    select
        'conversations' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from conversations

    union all

    select
        'cells' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from cells

    union all

    select
        'gyration' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from gyration

    union all

    select
        'recharges' as part_of_profile,
        subscriber_id,
        split_id,
        week_start
    from recharges

    union all

    select
        'churn' as part_of_profile,
        subscriber_id,
        0 as split_id,
        cast(null as date) as week_start
    from churn

    union all

    select
        'network' as part_of_profile,
        subscriber_id,
        0 as split_id,
        cast(null as date) as week_start
    from network

    union all

    select
        'balances' as part_of_profile,
        subscriber_id,
        0 as split_id,
        cast(null as date) as week_start
    from balances

),

final as (

    select
        part_of_profile,
        subscriber_id,
        split_id,
        week_start,
        count(*) as n_rows
    from rows_of_profiles
    group by
        part_of_profile,
        subscriber_id,
        split_id,
        week_start
    having count(*) > 1 or subscriber_id is null

)

select * from final
