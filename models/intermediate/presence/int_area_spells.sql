{{ config(
    materialized='by_day',
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- Where each subscriber was one after the other on a day: the spells, successive events in one area
-- of the finest level. Events at the same instant are ordered by cell_id. A spell ends at midnight;
-- the next day begins with one of its own, in the same area or another.

with

events as (

    select * from {{ ref('int_events_located') }}

),

events_ordered as (

    select
        *,
        coalesce(area_id <> lag(area_id) over one_day, true) as begins_spell
    from events
    window
        one_day as (
            partition by subscriber_id, event_date
            order by event_at, cell_id
        )

),

events_numbered as (

    select
        *,
        count_if(begins_spell) over (
            partition by subscriber_id, event_date
            order by event_at, cell_id
            rows between unbounded preceding and current row
        ) as spell_number
    from events_ordered

),

final as (

    select
        subscriber_id,
        key_id,
        area_id,
        spell_number,
        count(*) as n_events,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        event_date
    from events_numbered
    group by
        subscriber_id,
        key_id,
        area_id,
        spell_number,
        event_date

)

select * from final
