-- How many people of an area one of its residents stands for who was seen on a day, in a week or
-- month. Of published numbers only; docs/definitions.md (People).

with

factors as (

    select * from {{ ref('scaling_factors') }}

),

total_subscribers as (

    select * from {{ ref('total_subscribers') }}

),

count_active_residents as (

    select * from {{ ref('count_active_residents') }}

),

-- Who was not seen is spread like those of the area who were or, where their number is withheld,
-- like those of the country.
final as (

    select
        total_subscribers.period,
        total_subscribers.period_start,
        factors.area_level,
        factors.area_id,
        factors.population,
        factors.people_per_subscriber
        * coalesce(
            factors.n_residents / count_active_residents.n_subscribers,
            factors.n_residents_of_country / total_subscribers.n_subscribers
        ) as people_per_subscriber,
        factors.spread_of_factors
    from factors
    cross join total_subscribers
    left join count_active_residents
        on
            total_subscribers.period = count_active_residents.period
            and total_subscribers.period_start = count_active_residents.period_start
            and factors.area_level = count_active_residents.area_level
            and factors.area_id = count_active_residents.home_area_id

)

select * from final
