-- One row per administrative area of any level.

with

areas as (

    select * from {{ source('landing', 'areas') }}

),

final as (

    select
        trim(area_id) as area_id,
        trim(area_level) as area_level,
        trim(area_name) as area_name,
        nullif(trim(parent_area_id), '') as parent_area_id,
        try_cast(trim(population) as double) as population,
        geometry,
        nullif(trim(boundary_source), '') as boundary_source
    from areas
    where nullif(trim(area_id), '') is not null

)

select * from final
