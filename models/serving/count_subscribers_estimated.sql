-- How many people were in an area on a day, seen or not, with an interval of 90 %. Those of a home
-- area who were seen stand for its people, as far as homes are published. Of published numbers
-- only; docs/definitions.md (People) has the formulas.

with

count_subscribers as (

    select * from {{ ref('count_subscribers') }}
    where period = 'day'

),

count_visits_home_away as (

    select * from {{ ref('count_visits_home_away') }}
    where not is_suppressed

),

factors as (

    select * from {{ ref('scaling_factors_of_periods') }}
    where
        period = 'day'
        and people_per_subscriber is not null

),

-- Of the people of a home some are here, as of its subscribers.
visits as (

    select
        visits.period_start,
        visits.area_level,
        visits.visit_area_id as area_id,
        sum(visits.n_subscribers) as n_subscribers,
        sum(
            case when visits.home_area_id = visits.visit_area_id then visits.n_subscribers end
        ) as n_at_home,
        sum(visits.n_subscribers * factors.people_per_subscriber) as people,
        sum(
            visits.n_subscribers * factors.people_per_subscriber
            * greatest(factors.people_per_subscriber - 1, 0)
            * greatest(
                1 - coalesce(
                    visits.n_subscribers * factors.people_per_subscriber / factors.population, 0
                ),
                0
            )
        ) as variance
    from count_visits_home_away as visits
    inner join factors
        on
            visits.period_start = factors.period_start
            and visits.area_level = factors.area_level
            and visits.home_area_id = factors.area_id
    group by
        visits.period_start,
        visits.area_level,
        visits.visit_area_id

),

presence as (

    select
        count_subscribers.*,
        factors.people_per_subscriber as people_per_other,
        factors.spread_of_factors,
        -- Never negative, also where options blur what is published.
        greatest(count_subscribers.n_subscribers - coalesce(visits.n_subscribers, 0), 0)
            as n_others,
        greatest(count_subscribers.n_subscribers - coalesce(visits.n_at_home, 0), 0)
            as n_not_at_home,
        coalesce(visits.people, 0) as people_of_homes,
        coalesce(visits.variance, 0) as variance_of_homes
    from count_subscribers
    left join factors
        on
            count_subscribers.period_start = factors.period_start
            and count_subscribers.area_level = factors.area_level
            and count_subscribers.area_id = factors.area_id
    left join visits
        on
            count_subscribers.period_start = visits.period_start
            and count_subscribers.area_level = visits.area_level
            and count_subscribers.area_id = visits.area_id

),

-- Others are taken to live near: they stand for as many as those of the area itself.
scaled as (

    select
        *,
        case
            when n_subscribers is not null
                then people_of_homes + n_others * people_per_other
        end as people,
        n_others * people_per_other * greatest(people_per_other - 1, 0) as variance_of_others
    from presence

),

-- Who does not live here may stand for more or fewer, as the factors of areas differ.
scaled_with_variance as (

    select
        *,
        people / n_subscribers as people_per_subscriber,
        variance_of_homes + variance_of_others
        + power(coalesce(spread_of_factors, 0) * n_not_at_home / n_subscribers * people, 2)
            as variance
    from scaled

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        n_subscribers,
        round(people_per_subscriber, 4) as people_per_subscriber,
        {{ people_estimated('people', 'variance') | indent(8) }},
        people is null as is_suppressed,
        is_complete
    from scaled_with_variance

)

select * from final
