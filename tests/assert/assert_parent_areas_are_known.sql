{{ config(group='pipeline') }}

-- Every parent of an area is in the list of areas.

with

areas as (

    select * from {{ ref('stg_landing__areas') }}

),

final as (

    select
        areas.area_id,
        areas.parent_area_id
    from areas
    left anti join areas as parents
        on areas.parent_area_id = parents.area_id
    where areas.parent_area_id is not null

)

select * from final
