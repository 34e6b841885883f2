-- Subscribers with more located events in the study than a person makes: machines, gateways, tests.
-- An array of their events would take the memory of a worker, so they have no stops; they still
-- count wherever events are counted one by one.

with

events as (

    select * from {{ ref('int_events_located') }}

),

final as (

    select
        subscriber_id,
        key_id,
        count(*) as n_events
    from events
    group by
        subscriber_id,
        key_id
    having count(*) > {{ var('trace_max_events') }}

)

select * from final
