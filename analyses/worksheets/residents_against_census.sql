-- Question: how many of the population does the network see, and where too few or too many?
--
-- How to read it: subscribers who live in the area, per 1,000 of its population in the list of
-- areas. against_country is that rate against the one of all areas together: 1 is even, 0.5 means
-- that half as many of the population are seen as elsewhere. Who scales counts up to people can
-- divide by per_1000.
--
-- Traps:
-- * Subscribers are SIMs: some people have two, children have none, other networks have the rest.
-- * The population is as old as the list of areas. After people have moved the rate is off.
-- * Residents may be added up over areas of one level, for everybody lives in one. If one area is
--   withheld, the sum and against_country are null for all. n_areas_withheld says how many are.
-- * The study is the period: all days, those of an event too.

with

settings as (

    -- Change here.
    select 'admin1' as area_level

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

residents as (

    select * from {{ ref('count_residents') }}
    where period = 'study'

),

residents_and_population as (

    select
        residents.area_id,
        areas.area_name,
        residents.n_subscribers,
        areas.population,
        case when residents.is_suppressed then 1 else 0 end as n_withheld
    from residents
    inner join areas
        on
            residents.area_level = areas.area_level
            and residents.area_id = areas.area_id
    cross join settings
    where residents.area_level = settings.area_level

),

totals as (

    select
        sum(n_withheld) as n_areas_withheld,
        case
            when sum(n_withheld) = 0 and count(population) = count(*)
                then 1000 * cast(sum(n_subscribers) as double) / nullif(sum(population), 0)
        end as per_1000
    from residents_and_population

),

final as (

    select
        residents_and_population.area_id,
        residents_and_population.area_name,
        residents_and_population.n_subscribers as residents,
        residents_and_population.population,
        round(
            1000 * cast(residents_and_population.n_subscribers as double)
            / nullif(residents_and_population.population, 0), 2
        ) as per_1000,
        round(
            1000 * cast(residents_and_population.n_subscribers as double)
            / nullif(residents_and_population.population, 0) / nullif(totals.per_1000, 0), 2
        ) as against_country,
        totals.n_areas_withheld
    from residents_and_population
    cross join totals

)

select * from final
order by
    per_1000 desc nulls last,
    area_id asc
