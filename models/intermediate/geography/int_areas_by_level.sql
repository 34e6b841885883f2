-- Every area of the finest level (the level of the cell list), with the area it belongs to at
-- each level, itself included.

with recursive

cells_placed as (

    select * from {{ ref('int_cells_placed') }}

),

areas as (

    select * from {{ ref('int_areas') }}

),

finest_areas as (

    select
        areas.area_id,
        areas.area_level,
        areas.parent_area_id
    from areas
    left semi join cells_placed
        on areas.area_id = cells_placed.area_id

),

ancestors as (

    select
        area_id as finest_area_id,
        area_level,
        area_id,
        parent_area_id,
        1 as n_steps
    from finest_areas
    union all
    select
        ancestors.finest_area_id,
        areas.area_level,
        areas.area_id,
        areas.parent_area_id,
        ancestors.n_steps + 1 as n_steps
    from ancestors
    inner join areas
        on ancestors.parent_area_id = areas.area_id
    -- Areas that are each other's parents would loop for ever; the primary key test finds them.
    where ancestors.n_steps < 20

),

final as (

    select
        finest_area_id,
        area_level,
        area_id
    from ancestors

)

select * from final
