{{ config(materialized='view') }}

-- Accepted events at a cell that has an area: the events that every aggregate counts.

with

events as (

    select events_checked.* from {{ ref('int_events_checked') }} as events_checked
    {{ without_suspicious('events_checked') }}

),

final as (

    select
        subscriber_id,
        key_id,
        cell_id,
        area_id,
        event_at,
        event_date
    from events
    where
        event_date is not null
        and area_id is not null

)

select * from final
