{{ config(group='pipeline') }}

-- Every area of the cell list has the same level, and has an area at each of the other levels.
-- Otherwise the order of events would differ from level to level.

with

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

levels_per_area as (

    select
        finest_area_id,
        count(distinct area_level) as n_levels,
        max(case when area_id = finest_area_id then area_level end) as own_level
    from areas_by_level
    group by finest_area_id

),

expected as (

    select
        max(n_levels) as n_levels,
        min(own_level) as own_level
    from levels_per_area

),

final as (

    select levels_per_area.finest_area_id
    from levels_per_area
    cross join expected
    where
        levels_per_area.n_levels < expected.n_levels
        or levels_per_area.own_level <> expected.own_level

)

select * from final
