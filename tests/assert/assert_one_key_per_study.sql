{{ config(group='pipeline') }}

-- The accepted events of a study are under one key: across two keys, one person would count as two.
-- All models that count people wait for this test.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

final as (

    select count(distinct coalesce(key_id, 'none')) as n_keys
    from events
    where event_date is not null
    having count(distinct coalesce(key_id, 'none')) > 1

)

select * from final
