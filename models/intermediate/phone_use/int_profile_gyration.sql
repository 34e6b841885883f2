-- The radius of gyration of a subscriber in km: the root mean square distance of half hours from
-- their centre, in the study and over its weeks. As in bandicoot, the centre is the mean of degrees
-- and the Earth a sphere of 6371 km; elsewhere in this project the radius is 6371.0088 km.

with

place_splits as (

    select * from {{ ref('int_profile_place_splits') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}
    where longitude is not null and latitude is not null

),

locations as (

    select /*+ broadcast(cell_site_versions) */
        place_splits.subscriber_id,
        place_splits.key_id,
        place_splits.split_id,
        cell_site_versions.longitude,
        cell_site_versions.latitude,
        sum(place_splits.n_half_hours) as n_half_hours,
        place_splits.week_start
    from place_splits
    inner join cell_site_versions
        on place_splits.cell_number = cell_site_versions.cell_number
    group by
        place_splits.subscriber_id,
        place_splits.key_id,
        place_splits.split_id,
        cell_site_versions.longitude,
        cell_site_versions.latitude,
        place_splits.week_start

),

locations_weighted as (

    select
        *,
        sum(n_half_hours) over (partition by subscriber_id, split_id, week_start)
            as n_half_hours_all,
        sum(n_half_hours * longitude) over (partition by subscriber_id, split_id, week_start)
            as longitude_sum,
        sum(n_half_hours * latitude) over (partition by subscriber_id, split_id, week_start)
            as latitude_sum
    from locations

),

distances as (

    select
        *,
        {{ great_circle_km(
            'longitude_sum / n_half_hours_all', 'latitude_sum / n_half_hours_all',
            'longitude', 'latitude', radius_km='6371D'
        ) }} as distance_km
    from locations_weighted

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        sqrt(sum(n_half_hours / n_half_hours_all * power(distance_km, 2))) as radius_of_gyration,
        week_start
    from distances
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('radius_of_gyration') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
