-- Every area that can have a number, at every level.

with

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

final as (

    select
        area_level,
        area_id
    from areas_by_level
    group by
        area_level,
        area_id

)

select * from final
