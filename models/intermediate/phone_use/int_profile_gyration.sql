-- The radius of gyration of a subscriber in km: the root mean square distance of half hours from
-- their centre, in the study (week_start is null) and in each week of it. As in bandicoot, the
-- centre is the mean of degrees and the Earth a sphere of 6371 km; elsewhere in this project the
-- radius is 6371.0088 km.

with

place_splits as (

    select * from {{ ref('int_profile_place_splits') }}
    where longitude is not null and latitude is not null

),

locations as (

    select
        subscriber_id,
        key_id,
        split_id,
        longitude,
        latitude,
        count(*) as n_half_hours,
        week_start
    from place_splits
    group by
        subscriber_id,
        key_id,
        split_id,
        longitude,
        latitude,
        week_start

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

final as (

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

)

select * from final
