-- For each area, the area around it, one level up.

with

area_list as (

    select * from {{ ref('int_area_list') }}

),

areas as (

    select * from {{ ref('int_areas') }}

),

final as (

    select
        area_list.area_level,
        area_list.area_id,
        parents.area_level as parent_level,
        parents.area_id as parent_area_id
    from area_list
    inner join areas
        on area_list.area_id = areas.area_id
    inner join areas as parents
        on areas.parent_area_id = parents.area_id

)

select * from final
