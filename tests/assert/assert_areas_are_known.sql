{{ config(group='pipeline') }}

-- Every area of the cell list, and every parent of an area, is in the list of areas.

with

cell_sites as (

    select * from {{ ref('stg_landing__cell_sites') }}

),

areas as (

    select * from {{ ref('stg_landing__areas') }}

),

mentioned as (

    select
        'cell ' || cell_id as mentioned_by,
        area_id
    from cell_sites

    union all

    select
        'area ' || area_id as mentioned_by,
        parent_area_id as area_id
    from areas

),

final as (

    select
        mentioned.mentioned_by,
        mentioned.area_id
    from mentioned
    left anti join areas
        on mentioned.area_id = areas.area_id
    where mentioned.area_id is not null

)

select * from final
