-- How many people lived in an area in a week or month, with an interval of 90 %. In the reference
-- period they are the population. Of published numbers only; docs/definitions.md (People) has the
-- formulas.

with

count_residents as (

    select * from {{ ref('count_residents') }}
    where period in ('week', 'month')

),

count_subscribers as (

    select * from {{ ref('count_subscribers') }}
    where
        period = 'day'
        and not is_suppressed

),

at_home as (

    select * from {{ ref('count_visits_home_away') }}
    where
        home_area_id = visit_area_id
        and not is_suppressed

),

factors as (

    select * from {{ ref('scaling_factors_of_periods') }}

),

-- How well homes can be told from the areas around: of those seen in an area, who lives elsewhere.
areas_told_apart as (

    select
        at_home.area_level,
        at_home.visit_area_id as area_id,
        greatest(1 - sum(at_home.n_subscribers) / sum(count_subscribers.n_subscribers), 0)
            as share_of_others
    from at_home
    inner join count_subscribers
        on
            at_home.period_start = count_subscribers.period_start
            and at_home.area_level = count_subscribers.area_level
            and at_home.visit_area_id = count_subscribers.area_id
    group by
        at_home.area_level,
        at_home.visit_area_id

),

scaled as (

    select
        count_residents.*,
        factors.people_per_subscriber,
        count_residents.n_subscribers * factors.people_per_subscriber as people,
        coalesce(areas_told_apart.share_of_others, 1) as share_of_others
    from count_residents
    left join factors
        on
            count_residents.period = factors.period
            and count_residents.period_start = factors.period_start
            and count_residents.area_level = factors.area_level
            and count_residents.area_id = factors.area_id
    left join areas_told_apart
        on
            count_residents.area_level = areas_told_apart.area_level
            and count_residents.area_id = areas_told_apart.area_id

),

-- Residents of the reference period are no sample: they are all people. Those whose home is taken
-- for one elsewhere, or is one elsewhere by now, are, and nearly as many come as go: 1.5 times the
-- share of others among those seen, since then intervals hold 90 % in synthetic countries.
scaled_with_variance as (

    select
        *,
        people * greatest(people_per_subscriber - 1, 0) * least(1.5 * share_of_others, 1)
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
