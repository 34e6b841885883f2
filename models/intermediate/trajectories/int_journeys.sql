{{ config(partition_by=['week_start']) }}

-- Journeys from one stay to the next of the same subscriber, if at most max_journey_hours lie
-- between them (docs/definitions.md, Journey). Departure and arrival are known within bounds;
-- departed_at and arrived_at are the middle of these.

with

stops as (

    select * from {{ ref('int_stops') }}

),

stops_in_order as (

    select
        subscriber_id,
        key_id,
        sort_array(
            collect_list(
                struct(
                    stop_number,
                    stop_type,
                    arrived_after,
                    arrived_at,
                    left_at,
                    left_before,
                    n_events,
                    longitude,
                    latitude,
                    cell_number
                )
            )
        ) as stops
    from stops
    group by
        subscriber_id,
        key_id

),

journeys as (

    select
        subscriber_id,
        key_id,
        inline({{ journeys_of('stops') }})
    from stops_in_order

),

journeys_timed as (

    select
        *,
        {{ midway('departed_after', 'departed_before') }} as departed_at,
        {{ midway('arrived_after', 'arrived_before') }} as arrived_at
    from journeys

),

final as (

    select /*+ rebalance(week_start) */
        journeys_timed.subscriber_id,
        journeys_timed.key_id,
        journeys_timed.origin_stop,
        journeys_timed.destination_stop,
        journeys_timed.departed_after,
        journeys_timed.departed_at,
        journeys_timed.departed_before,
        journeys_timed.arrived_after,
        journeys_timed.arrived_at,
        journeys_timed.arrived_before,
        journeys_timed.duration_min_minutes,
        journeys_timed.duration_max_minutes,
        journeys_timed.distance_km,
        journeys_timed.path_km,
        origins.area_id as from_area_id,
        destinations.area_id as to_area_id,
        cast(date_trunc('week', journeys_timed.departed_at) as date) as week_start
    from journeys_timed
    inner join stops as origins
        on
            journeys_timed.subscriber_id = origins.subscriber_id
            and journeys_timed.origin_stop = origins.stop_number
    inner join stops as destinations
        on
            journeys_timed.subscriber_id = destinations.subscriber_id
            and journeys_timed.destination_stop = destinations.stop_number

)

select * from final
