{{ config(group='pipeline') }}

-- Every area of the cell list is in the list of areas.

with

cell_sites as (

    select * from {{ ref('stg_landing__cell_sites') }}

),

areas as (

    select * from {{ ref('stg_landing__areas') }}

),

final as (

    select
        cell_sites.cell_id,
        cell_sites.area_id
    from cell_sites
    left anti join areas
        on cell_sites.area_id = areas.area_id
    where cell_sites.area_id is not null

)

select * from final
