-- Every area that can have a number, at every level. Models with many rows an area group by
-- area_number, which is as good as its level and id and compared in a fraction of the time.

with

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

areas as (

    select
        area_level,
        area_id
    from areas_by_level
    group by
        area_level,
        area_id

),

final as (

    select
        area_level,
        area_id,
        cast(row_number() over (order by area_level asc, area_id asc) as int) as area_number
    from areas

)

select * from final
