-- How long people stay, by the week in which stays began: the mean over each person's stays in the
-- area, then the mean and the median of these. Inferred stays do not count: nobody knows how long
-- they last at least. So a frequent visitor is one person, and the numbers of areas do not add up
-- to that of the area around them. The longest possible duration of a stay is known only where it
-- lies between events elsewhere: those measures have a head count of their own.

with

stays as (

    select * from {{ ref('int_stop_areas') }}
    where
        stop_type = 'stay'
        and not is_inferred

),

stays_by_subscriber as (

    select
        week_start,
        area_level,
        area_id,
        subscriber_id,
        {{ person_key('subscriber_id') }} as person_key,
        avg(duration_min_minutes) as at_least_minutes,
        avg(duration_max_minutes) as at_most_minutes
    from stays
    group by
        week_start,
        area_level,
        area_id,
        subscriber_id

),

final as (

    select
        'week' as period,
        cast(week_start as timestamp) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key,
        count(at_most_minutes) as n_subscribers_at_most,
        avg(at_least_minutes) as mean_at_least_minutes,
        median(at_least_minutes) as median_at_least_minutes,
        avg(at_most_minutes) as mean_at_most_minutes,
        median(at_most_minutes) as median_at_most_minutes,
        sum(at_least_minutes) as total_at_least_minutes,
        max(at_least_minutes) as largest_at_least_minutes,
        {{ second_largest('at_least_minutes') }} as second_largest_at_least_minutes,
        sum(at_most_minutes) as total_at_most_minutes,
        max(at_most_minutes) as largest_at_most_minutes,
        {{ second_largest('at_most_minutes') }} as second_largest_at_most_minutes
    from stays_by_subscriber
    group by
        week_start,
        area_level,
        area_id

)

select * from final
