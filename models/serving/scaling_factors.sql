-- How many people of an area one of its residents of the reference period stands for. Of published
-- residents and the populations of the list of areas, so it says nothing of residents that are
-- withheld; docs/definitions.md (People).

with

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

count_residents as (

    select * from {{ ref('count_residents') }}
    where period = 'reference'

),

areas_with_residents as (

    select
        areas.area_level,
        areas.area_id,
        areas.parent_area_id,
        areas.population,
        count_residents.n_subscribers as n_residents,
        case when areas.population > 0 then areas.population / count_residents.n_subscribers end
            as people_by_resident
    from areas
    left join count_residents
        on
            areas.area_level = count_residents.area_level
            and areas.area_id = count_residents.area_id

),

-- Of the coarsest level. Where residents are withheld, those of the other areas stand for them.
country as (

    select
        sum(population) as population,
        sum(case when people_by_resident is not null then population end)
        / sum(case when people_by_resident is not null then n_residents end)
            as people_by_resident
    from areas_with_residents
    where parent_area_id is null

),

-- What is known of an area before its own residents are looked at.
areas_with_surroundings as (

    select
        areas.*,
        parent.people_by_resident as people_by_resident_of_parent,
        coalesce(parent.people_by_resident, country.people_by_resident)
            as people_by_resident_around,
        country.population / country.people_by_resident as n_residents_of_country
    from areas_with_residents as areas
    cross join country
    left join areas_with_residents as parent
        on areas.parent_area_id = parent.area_id

),

-- As if 16 more lived there, like those around: an area of 16 residents, the fewest that are
-- usually published, is half its own.
factors as (

    select
        *,
        coalesce(
            (population + 16 * people_by_resident_around) / (n_residents + 16),
            people_by_resident_around
        ) as people_per_subscriber,
        case
            when people_by_resident is not null then 'own'
            when people_by_resident_of_parent is not null then 'parent'
            when people_by_resident_around is not null then 'country'
        end as factor_source,
        coalesce(
            stddev_samp(ln(people_by_resident)) over (partition by area_level),
            stddev_samp(ln(people_by_resident)) over ()
        ) as spread_of_factors
    from areas_with_surroundings

),

final as (

    select
        area_level,
        area_id,
        population,
        n_residents,
        people_per_subscriber,
        factor_source,
        round(spread_of_factors, 4) as spread_of_factors,
        n_residents_of_country
    from factors

)

select * from final
