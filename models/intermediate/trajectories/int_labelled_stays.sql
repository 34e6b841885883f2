{{ config(materialized='view') }}

-- Every stay labelled home, work or other: home or work if the centre of the stay is within
-- stop_radius_km of that cell, the nearer one if both are.

with

stays as (

    select * from {{ ref('int_stops') }}
    where stop_type = 'stay'

),

anchor_places as (

    select * from {{ ref('int_anchor_places') }}

),

distances as (

    select
        stays.subscriber_id,
        stays.stop_number,
        anchor_places.label,
        {{ great_circle_km(
            'stays.longitude', 'stays.latitude',
            'anchor_places.longitude', 'anchor_places.latitude'
        ) }} as distance_km
    from stays
    inner join anchor_places
        on stays.subscriber_id = anchor_places.subscriber_id

),

nearest as (

    select
        subscriber_id,
        stop_number,
        min_by(label, struct(distance_km, label)) as label
    from distances
    where distance_km <= {{ var('stop_radius_km') }}
    group by
        subscriber_id,
        stop_number

),

final as (

    select
        stays.subscriber_id,
        stays.key_id,
        stays.stop_number,
        coalesce(nearest.label, 'other') as label,
        stays.arrived_at,
        stays.left_at,
        stays.longitude,
        stays.latitude,
        stays.cell_id,
        stays.area_id,
        stays.week_start
    from stays
    left join nearest
        on
            stays.subscriber_id = nearest.subscriber_id
            and stays.stop_number = nearest.stop_number

)

select * from final
