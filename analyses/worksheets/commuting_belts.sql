-- Question: which areas are the commuting belt of which centre?
--
-- How to read it: of the people who live in home_area (in the reference period), how many were
-- seen in visit_area on an average working day, beside all of them who were seen at home. A centre
-- with a belt has several rows of high shares. Pairs of which any day is withheld have no row.
-- n_homes_withheld says how many homes of the same visit_area those are.
--
-- Traps:
-- * Seen there is not worked there: shops, schools and a road along the border count too.
-- * Who visits two areas is in two rows: do not add up the visits of one home.
-- * Choose a usual week without holidays, Monday to Friday.

with

settings as (

    -- Change here: a Monday, and the Saturday after it.
    select
        'admin2' as area_level,
        cast('2020-02-17' as timestamp) as monday,
        cast('2020-02-22' as timestamp) as saturday

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

visits as (

    select * from {{ ref('count_visits_home_away') }}
    where
        period = 'day'
        and home_area_id is not null

),

pairs as (

    select
        visits.area_level,
        visits.home_area_id,
        visits.visit_area_id,
        sum(case when visits.is_suppressed then 1 else 0 end) as n_days_withheld,
        avg(visits.n_subscribers) as people_a_day
    from visits
    cross join settings
    where
        visits.area_level = settings.area_level
        and visits.period_start >= settings.monday
        and visits.period_start < settings.saturday
    group by
        visits.area_level,
        visits.home_area_id,
        visits.visit_area_id

),

at_home as (

    select
        area_level,
        home_area_id,
        people_a_day
    from pairs
    where
        home_area_id = visit_area_id
        and n_days_withheld = 0

),

away as (

    select
        area_level,
        home_area_id,
        visit_area_id,
        people_a_day,
        n_days_withheld,
        sum(case when n_days_withheld > 0 then 1 else 0 end) over (partition by visit_area_id)
            as n_homes_withheld
    from pairs
    where home_area_id <> visit_area_id

),

final as (

    select
        away.visit_area_id,
        visit_areas.area_name as visit_area_name,
        away.home_area_id,
        home_areas.area_name as home_area_name,
        round(away.people_a_day, 1) as visitors_a_day,
        round(at_home.people_a_day, 1) as at_home_a_day,
        round(100 * away.people_a_day / nullif(at_home.people_a_day, 0), 1)
            as visitors_per_100_at_home,
        away.n_homes_withheld
    from away
    left join at_home
        on
            away.area_level = at_home.area_level
            and away.home_area_id = at_home.home_area_id
    left join areas as visit_areas
        on
            away.area_level = visit_areas.area_level
            and away.visit_area_id = visit_areas.area_id
    left join areas as home_areas
        on
            away.area_level = home_areas.area_level
            and away.home_area_id = home_areas.area_id
    where away.n_days_withheld = 0

)

select * from final
order by
    visit_area_id asc,
    visitors_per_100_at_home desc nulls last,
    home_area_id asc
