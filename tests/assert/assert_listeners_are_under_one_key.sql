{{ config(group='pipeline') }}

-- Listening events and customers (which may have been built apart, before and after a change of
-- key) hold the pseudonyms of one key: else nobody who listens would be in the list, or one person
-- would be two. Profiles wait for this.

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
