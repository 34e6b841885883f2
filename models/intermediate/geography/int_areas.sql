-- The accepted rows of the list of areas, each with the box around its boundary: null where it has
-- none, or one that cannot be read. A Python function reads boundaries: SQL has no geometry.

with

areas as (

    select * from {{ ref('stg_landing__areas') }}
    where reject_reason is null

),

boxed as (

    select
        *,
        {{ boundary_box_of('geometry') }} as box
    from areas

),

final as (

    select
        source_file,
        area_id,
        area_level,
        area_name,
        parent_area_id,
        population,
        is_population_unreadable,
        geometry,
        boundary_source,
        geometry is not null and box is null as is_boundary_unreadable,
        box['west'] as west,
        box['south'] as south,
        box['east'] as east,
        box['north'] as north
    from boxed

)

select * from final
