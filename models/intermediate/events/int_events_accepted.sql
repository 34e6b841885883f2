{{ config(materialized='view') }}

-- The events of the study: accepted, and on a plausible date.
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

    select events.*
    from events
    left anti join implausible_dates
        on events.event_date = implausible_dates.event_date

)

select * from final
