-- For each pair of areas, the pair of areas around it, one level up: for measures from area to
-- area.

with

area_parents as (

    select * from {{ ref('int_area_parents') }}

),

final as (

    select
        origins.area_level,
        origins.area_id as from_area_id,
        destinations.area_id as to_area_id,
        origins.parent_level,
        origins.parent_area_id as parent_from_area_id,
        destinations.parent_area_id as parent_to_area_id
    from area_parents as origins
    inner join area_parents as destinations
        on
            origins.area_level = destinations.area_level
            and origins.parent_level = destinations.parent_level

)

select * from final
