{{ config(enabled=has_feed('listening'), meta={'retention': 'events'}) }}

-- The accepted listening events that are copies of another and are not counted: of equal rows, the
-- one in the file with the smallest name counts. Equal events share their id, so only events whose
-- id has a repeated hash are compared: one number is read instead of whole rows.

with

listening_events as (

    select * from {{ ref('int_listening_events') }}
    where event_date is not null

),

repeated_hashes as (

    select xxhash64(event_id) as event_id_hash
    from listening_events
    group by xxhash64(event_id)
    having count(*) > 1

),

copies_numbered as (

    select
        listening_events.source_file,
        listening_events.customer_id,
        listening_events.key_id,
        listening_events.is_mobile,
        listening_events.event_at,
        listening_events.event_date,
        row_number() over (
            partition by
                listening_events.event_id,
                listening_events.customer_id,
                listening_events.track_id,
                listening_events.is_mobile,
                listening_events.zip,
                listening_events.event_at
            order by listening_events.source_file
        ) as copy_number
    from listening_events
    left semi join repeated_hashes
        on xxhash64(listening_events.event_id) = repeated_hashes.event_id_hash

),

final as (

    select
        source_file,
        customer_id,
        key_id,
        is_mobile,
        event_at,
        event_date
    from copies_numbered
    where copy_number > 1

)

select * from final
