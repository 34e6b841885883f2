-- Journeys by day and week of departure, from area to area, with the people who made them, and the
-- distance and duration of the journeys.

with

journeys as (

    select * from {{ ref('int_journeys_by_level') }}

),

journeys_by_subscriber_and_day as (

    select
        date_trunc('day', departed_at) as day_start,
        area_level,
        from_area_id,
        to_area_id,
        subscriber_id,
        {{ person_key('subscriber_id') }} as person_key,
        count(*) as n_journeys,
        sum(distance_km) as distance_km,
        sum(duration_min_minutes) as at_least_minutes,
        sum(duration_max_minutes) as at_most_minutes
    from journeys
    group by
        date_trunc('day', departed_at),
        area_level,
        from_area_id,
        to_area_id,
        subscriber_id

),

journeys_by_subscriber as (

    select
        'day' as period,
        day_start as period_start,
        * except (day_start)
    from journeys_by_subscriber_and_day

    union all

    select
        'week' as period,
        date_trunc('week', day_start) as period_start,
        area_level,
        from_area_id,
        to_area_id,
        subscriber_id,
        person_key,
        sum(n_journeys) as n_journeys,
        sum(distance_km) as distance_km,
        sum(at_least_minutes) as at_least_minutes,
        sum(at_most_minutes) as at_most_minutes
    from journeys_by_subscriber_and_day
    group by
        date_trunc('week', day_start),
        area_level,
        from_area_id,
        to_area_id,
        subscriber_id,
        person_key

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key,
        sum(n_journeys) as n_journeys,
        sum(distance_km) / sum(n_journeys) as mean_distance_km,
        sum(at_least_minutes) / sum(n_journeys) as mean_at_least_minutes,
        sum(at_most_minutes) / sum(n_journeys) as mean_at_most_minutes,
        sum(distance_km) as total_distance_km,
        max(distance_km) as largest_distance_km,
        {{ second_largest('distance_km') }} as second_largest_distance_km,
        sum(at_least_minutes) as total_at_least_minutes,
        max(at_least_minutes) as largest_at_least_minutes,
        {{ second_largest('at_least_minutes') }} as second_largest_at_least_minutes,
        sum(at_most_minutes) as total_at_most_minutes,
        max(at_most_minutes) as largest_at_most_minutes,
        {{ second_largest('at_most_minutes') }} as second_largest_at_most_minutes
    from journeys_by_subscriber
    group by
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id

)

select * from final
