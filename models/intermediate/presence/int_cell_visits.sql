{{ config(
    materialized='by_day',
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- Which subscriber was at which cell on which day. Events are many, the cells of a day few:
-- everything later starts from here, except what needs the order of events.

with

events as (

    select * from {{ ref('int_events_located') }}

),

final as (

    select
        subscriber_id,
        key_id,
        cell_id,
        area_id,
        -- Bit h is set if there was an event in the hour that begins at h o'clock.
        bit_or(shiftleft(1, hour(event_at))) as hours_seen,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        event_date
    from events
    group by
        subscriber_id,
        key_id,
        cell_id,
        area_id,
        event_date

)

select * from final
