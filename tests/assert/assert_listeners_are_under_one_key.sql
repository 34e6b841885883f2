{{ config(enabled=has_feed('listening'), group='pipeline') }}

-- Listening events and customers (which may have been built at different times, before and after a
-- change of key) hold pseudonyms of one key: else no listener would be in the list, or one person
-- would count as two. Profiles wait for this test.

with

events as (

    select * from {{ ref('int_listening_events') }}
    where event_date is not null

),

customers as (

    select * from {{ ref('int_customers_checked') }}
    where reject_reason is null

),

keys as (

    select coalesce(key_id, 'none') as key_id
    from events
    group by key_id

    union all

    select coalesce(key_id, 'none') as key_id
    from customers
    group by key_id

),

final as (

    select count(distinct key_id) as n_keys
    from keys
    having count(distinct key_id) > 1

)

select * from final
