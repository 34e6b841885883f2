{{ config(
    materialized='by_day',
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- How far each subscriber's phone moved on a day, from the site of one located event to that of the
-- next, and where it was first and last. Events at the same instant are ordered by cell_id; those
-- of a cell without coordinates are passed over.

with

events as (

    select * from {{ ref('int_events_located') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}
    where longitude is not null and latitude is not null

),

events_ordered as (

    select /*+ broadcast(cell_site_versions) */
        events.subscriber_id,
        events.key_id,
        events.event_at,
        events.event_date,
        cell_site_versions.longitude,
        cell_site_versions.latitude,
        lag(cell_site_versions.longitude) over one_day as longitude_before,
        lag(cell_site_versions.latitude) over one_day as latitude_before,
        row_number() over one_day as event_number
    from events
    inner join cell_site_versions
        on
            events.cell_id = cell_site_versions.cell_id
            and events.event_at >= cell_site_versions.valid_from
            and events.event_at < cell_site_versions.valid_to
    window
        one_day as (
            partition by events.subscriber_id, events.event_date
            order by events.event_at, events.cell_id
        )

),

final as (

    select
        subscriber_id,
        key_id,
        coalesce(sum(case
            when longitude <> longitude_before or latitude <> latitude_before
                then {{ great_circle_km(
                    'longitude_before', 'latitude_before', 'longitude', 'latitude'
                ) }}
        end), 0) as distance_km,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        min_by(longitude, event_number) as first_longitude,
        min_by(latitude, event_number) as first_latitude,
        max_by(longitude, event_number) as last_longitude,
        max_by(latitude, event_number) as last_latitude,
        event_date
    from events_ordered
    group by
        subscriber_id,
        key_id,
        event_date

)

select * from final
