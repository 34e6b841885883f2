-- The areas that a journey passed through: the areas of its pass-bys, in the order in which they
-- were first seen, without the areas of origin and destination.

with

journeys as (

    select * from {{ ref('int_journeys') }}

),

pass_bys as (

    select * from {{ ref('int_stops') }}
    where stop_type = 'pass_by'

),

areas_passed as (

    select
        journeys.subscriber_id,
        journeys.key_id,
        journeys.origin_stop,
        pass_bys.area_id,
        min(pass_bys.arrived_at) as first_seen_at,
        min(pass_bys.stop_number) as first_stop
    from journeys
    inner join pass_bys
        on
            journeys.subscriber_id = pass_bys.subscriber_id
            and journeys.origin_stop < pass_bys.stop_number
            and journeys.destination_stop > pass_bys.stop_number
            and journeys.from_area_id <> pass_bys.area_id
            and journeys.to_area_id <> pass_bys.area_id
    group by
        journeys.subscriber_id,
        journeys.key_id,
        journeys.origin_stop,
        pass_bys.area_id

),

final as (

    select
        subscriber_id,
        key_id,
        origin_stop,
        row_number() over (partition by subscriber_id, origin_stop order by first_stop)
            as area_number,
        area_id,
        cast(first_seen_at as date) as event_date
    from areas_passed

)

select * from final
