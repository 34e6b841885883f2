{{ config(group='pipeline') }}

-- Profiles are under one key, whether they come from events or from recharges: across two keys, one
-- person would have two halves.

with

profiles as (

    select * from {{ ref('int_subscriber_profiles') }}

),

final as (

    select count(distinct coalesce(key_id, 'none')) as n_keys
    from profiles
    having count(distinct coalesce(key_id, 'none')) > 1

)

select * from final
