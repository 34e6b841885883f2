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

half_hours as (

    select
        sender_id,
        receiver_id,
        key_id,
        count(distinct half_hour_start) as n_half_hours
    from events_of_senders
    group by
        sender_id,
        receiver_id,
        key_id

),

final as (

    select
        sent.sender_id as person_id,
        sent.receiver_id as contact_id,
        sent.key_id,
        sent.n_half_hours + received.n_half_hours as n_half_hours
    from half_hours as sent
    inner join half_hours as received
        on
            sent.sender_id = received.receiver_id
            and sent.receiver_id = received.sender_id

)

select * from final
