{{ config(partition_by=['week_start']) }}

-- Where each subscriber stayed or passed, from all located events of the study at once: a stop does
-- not end at midnight. The rule (docs/definitions.md, Stop) depends on the events before, which SQL
-- cannot express, so a Python function finds the stops. Times are bounds: the subscriber was there
-- from arrived_at to left_at, came after arrived_after and had gone by left_before. In silences the
-- routine of a subscriber speaks: such stops are inferred, and some have no event of their own.

with

events as (

    select * from {{ ref('int_events_located') }}

),

long_traces as (

    select * from {{ ref('int_long_traces') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

events_placed as (

    select /*+ broadcast(cell_site_versions), broadcast(long_traces) */
        events.subscriber_id,
        events.key_id,
        events.event_at,
        cell_site_versions.cell_number,
        cell_site_versions.longitude,
        cell_site_versions.latitude
    from events
    inner join cell_site_versions
        on
            events.cell_id = cell_site_versions.cell_id
            and events.event_at >= cell_site_versions.valid_from
            and events.event_at < cell_site_versions.valid_to
    left anti join long_traces
        on events.subscriber_id = long_traces.subscriber_id

),

traces as (

    select
        subscriber_id,
        key_id,
        {{ trace_of('event_at', 'cell_number', 'longitude', 'latitude') }} as trace
    from events_placed
    group by
        subscriber_id,
        key_id

),

stops as (

    select
        subscriber_id,
        key_id,
        inline({{ stops_of('trace') }})
    from traces

),

final as (

    select /*+ rebalance(week_start), broadcast(cell_site_versions) */
        stops.subscriber_id,
        stops.key_id,
        stops.stop_number,
        stops.stop_type,
        stops.arrived_after,
        stops.arrived_at,
        stops.left_at,
        stops.left_before,
        stops.likely_arrived_at,
        stops.likely_left_at,
        {{ minutes_between('stops.arrived_at', 'stops.left_at') }} as duration_min_minutes,
        {{ minutes_between('stops.arrived_after', 'stops.left_before') }} as duration_max_minutes,
        stops.n_events,
        stops.is_inferred,
        stops.longitude,
        stops.latitude,
        stops.cell_number,
        cell_site_versions.cell_id,
        cell_site_versions.area_id,
        cast(date_trunc('week', stops.arrived_at) as date) as week_start
    from stops
    inner join cell_site_versions
        on stops.cell_number = cell_site_versions.cell_number

)

select * from final
