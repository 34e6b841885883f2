-- How far the phones of those who live in an area moved in a week, and on a day, from site to site
-- of successive events. A hop from one day to another counts on the later day, if there are at most
-- seven days between the two events. Of a week, everybody who lives in the area in that week
-- counts; of a day, everybody seen on it who lives there in the reference period. Who made no hop
-- counts with 0 km: to leave them out would reveal how few they are.

with

day_paths as (

    select * from {{ ref('int_day_paths') }}

),

day_end_areas as (

    select * from {{ ref('int_day_end_areas') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period in ('reference', 'week')

),

days_in_order as (

    select
        *,
        lag(last_event_at) over all_days as seen_before_at,
        lag(last_longitude) over all_days as longitude_before,
        lag(last_latitude) over all_days as latitude_before
    from day_paths
    window all_days as (partition by subscriber_id order by event_date)

),

day_distances as (

    select
        subscriber_id,
        event_date,
        distance_km + case
            when
                first_event_at <= timestampadd(day, 7, seen_before_at)
                and (first_longitude <> longitude_before or first_latitude <> latitude_before)
                then {{ great_circle_km(
                    'longitude_before', 'latitude_before', 'first_longitude', 'first_latitude'
                ) }}
            else 0
        end as distance_km
    from days_in_order

),

week_distances as (

    select
        subscriber_id,
        date_trunc('week', event_date) as week_start,
        sum(distance_km) as distance_km
    from day_distances
    group by
        subscriber_id,
        date_trunc('week', event_date)

),

residents as (

    select
        'week' as period,
        home_areas.period_start,
        home_areas.area_level,
        home_areas.home_area_id,
        {{ person_key('home_areas.subscriber_id') }} as person_key,
        coalesce(week_distances.distance_km, 0) as distance_km
    from home_areas
    left join week_distances
        on
            home_areas.subscriber_id = week_distances.subscriber_id
            and home_areas.period_start = week_distances.week_start
    where home_areas.period = 'week'

    union all

    select
        'day' as period,
        cast(day_end_areas.event_date as timestamp) as period_start,
        home_areas.area_level,
        home_areas.home_area_id,
        {{ person_key('home_areas.subscriber_id') }} as person_key,
        coalesce(day_distances.distance_km, 0) as distance_km
    from day_end_areas
    inner join home_areas
        on day_end_areas.subscriber_id = home_areas.subscriber_id
    left join day_distances
        on
            day_end_areas.subscriber_id = day_distances.subscriber_id
            and day_end_areas.event_date = day_distances.event_date
    where home_areas.period = 'reference'

),

final as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key,
        count_if(distance_km > 0) as n_travellers,
        avg(distance_km) as mean_travelled_km,
        stddev_pop(distance_km) as standard_deviation_travelled_km,
        median(distance_km) as median_travelled_km,
        sum(distance_km) as total_travelled_km,
        sum(distance_km * distance_km) as sum_of_squares,
        max(distance_km) as largest_travelled_km,
        {{ second_largest('distance_km') }} as second_largest_travelled_km
    from residents
    group by
        period,
        period_start,
        area_level,
        home_area_id

)

select * from final
