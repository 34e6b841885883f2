{{ config(
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- The events that profiles are made of, with the columns that splits need. An event that is neither
-- a call nor a text only shows where the subscriber was. A call or text that lacks a field
-- bandicoot requires is left out, as bandicoot leaves it out when it reads a file.

with

events as (

    select events_checked.* from {{ ref('int_events_checked') }} as events_checked
    {{ without_suspicious('events_checked') }}
    where events_checked.event_date is not null

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

events_typed as (

    select
        *,
        case when event_type in ('call', 'text') then event_type end as interaction
    from events

),

events_complete as (

    select * from events_typed
    where
        interaction is null
        or (
            direction is not null
            and counterpart_id is not null
            and (interaction = 'text' or duration_s is not null)
        )

),

events_placed as (

    select /*+ broadcast(cell_site_versions) */
        events_complete.*,
        cell_site_versions.cell_rank,
        cell_site_versions.cell_number,
        {{ part_of_week('events_complete.event_date') }} as part_of_week,
        {{ part_of_day('events_complete.event_at', 'events_complete.event_date') }} as part_of_day
    from events_complete
    inner join cell_site_versions
        on
            events_complete.cell_id = cell_site_versions.cell_id
            and events_complete.event_at >= cell_site_versions.valid_from
            and events_complete.event_at < cell_site_versions.valid_to

),

final as (

    select
        subscriber_id,
        key_id,
        event_at,
        interaction,
        case when interaction is not null then direction end as direction,
        case when interaction is not null then counterpart_id end as counterpart_id,
        case when interaction = 'call' then duration_s end as duration_s,
        cell_rank,
        cell_number,
        part_of_week,
        part_of_day,
        {{ event_class('interaction', 'part_of_week', 'part_of_day') }} as event_class,
        timestamp_seconds(1800 * floor(unix_seconds(event_at) / 1800)) as half_hour_start,
        cast(date_trunc('week', event_date) as date) as week_start,
        event_date
    from events_placed

)

select * from final
