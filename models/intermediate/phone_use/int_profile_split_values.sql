{{ config(materialized='view') }}

-- All indicators that have splits, one row each.

with

activity as (

    select * from {{ ref('int_profile_activity_values') }}

),

contacts as (

    select * from {{ ref('int_profile_contacts_values') }}

),

cells as (

    select * from {{ ref('int_profile_cells_values') }}

),

recharges as (

    {% if has_feed('recharges') %}
        select * from {{ ref('int_profile_recharges_values') }}
    {% else %}
        select * from activity
        where false
    {% endif %}

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
    from cells

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
