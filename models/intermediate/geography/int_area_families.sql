-- The areas that lie in an area, and that area itself: what is counted of the parts stands beside
-- what is counted of the whole. Of areas with others in them.

with

area_parents as (

    select * from {{ ref('int_area_parents') }}

),

final as (

    select
        area_level,
        area_id,
        parent_level,
        parent_area_id
    from area_parents

    union

    select
        parent_level as area_level,
        parent_area_id as area_id,
        parent_level,
        parent_area_id
    from area_parents

)

select * from final
