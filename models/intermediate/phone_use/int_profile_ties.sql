-- Who calls or writes to whom and is called or written to by them: the number of clock half hours
-- with an interaction from one to the other, added up over both directions. Each tie has two rows,
-- one from either end. What a subscriber sends is taken from their own records; what a
-- non-subscriber sends, from the records of the receivers. Ties between two non-subscribers are not
-- known.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where counterpart_id <> subscriber_id

),

subscribers as (

    select subscriber_id from {{ ref('int_profile_events') }}
    group by subscriber_id

),

events_of_senders as (

    select
        events.subscriber_id as sender_id,
        events.counterpart_id as receiver_id,
        events.key_id,
        events.half_hour_start
    from events
    where events.direction = 'out'

    union all

    select
        events.counterpart_id as sender_id,
        events.subscriber_id as receiver_id,
        events.key_id,
        events.half_hour_start
    from events
    left anti join subscribers
        on events.counterpart_id = subscribers.subscriber_id
    where events.direction = 'in'

),

-- Each half hour with an interaction from one to the other once.
half_hours as (

    select
        least(sender_id, receiver_id) as first_id,
        greatest(sender_id, receiver_id) as second_id,
        sender_id < receiver_id as is_from_first,
        key_id,
        half_hour_start
    from events_of_senders
    group by
        least(sender_id, receiver_id),
        greatest(sender_id, receiver_id),
        sender_id < receiver_id,
        key_id,
        half_hour_start

),

ties as (

    select
        first_id,
        second_id,
        key_id,
        count(*) as n_half_hours
    from half_hours
    group by
        first_id,
        second_id,
        key_id
    having bool_or(is_from_first) and bool_or(not is_from_first)

),

final as (

    select
        stack(2, first_id, second_id, second_id, first_id) as (person_id, contact_id),
        key_id,
        n_half_hours
    from ties

)

select * from final
