{{ config(materialized='view') }}

-- The events of the study: accepted, on a plausible date and, if the var exclude_suspicious says
-- so, of no machine.
-- depends_on: {{ ref('event_columns_read') }} (where most values could not be read, nothing counts)
-- depends_on: {{ ref('int_overused_identifiers') }} (nor where one identifier stands for many)

with

events as (

    select * from {{ ref('int_events_checked') }}
    where event_date is not null

),

implausible_dates as (

    select * from {{ ref('int_implausible_dates') }}

),

final as (

    select
        events.source_file,
        events.unplaced_reason,
        events.subscriber_id,
        events.counterpart_id,
        events.key_id,
        events.event_type,
        events.direction,
        events.duration_s,
        events.volume_mb,
        events.event_at,
        events.area_id,
        events.unplaced_cell,
        events.cell_id,
        events.event_date
    from events
    left anti join implausible_dates
        on events.event_date = implausible_dates.event_date
    {{ without_suspicious('events') }}

)

select * from final
