-- What a map needs of each area in the list: outline, centroid and extent. A Python function,
-- because SQL has no geometry. It draws all areas at once, since neighbours share their borders.

with

areas as (

    select * from {{ ref('int_areas') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

area_list as (

    select * from {{ ref('int_area_list') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

cells_by_area as (

    select
        areas_by_level.area_level,
        areas_by_level.area_id,
        count(distinct cell_site_versions.cell_id) as n_cells
    from cell_site_versions
    inner join areas_by_level
        on cell_site_versions.area_id = areas_by_level.finest_area_id
    group by
        areas_by_level.area_level,
        areas_by_level.area_id

),

sites as (

    select collect_list(struct(area_id, longitude, latitude)) as sites
    from cell_site_versions
    where area_id is not null

),

outlines as (

    select
        {{ outlines_of(
            'collect_list(struct(areas.area_id, areas.area_level, areas.parent_area_id, '
            ~ 'areas.geometry))',
            'any_value(sites.sites)'
        ) }} as outlines
    from areas
    cross join sites

),

drawn as (

    select
        inline(outlines) as (
            area_id,
            outline,
            outline_source,
            centroid_longitude,
            centroid_latitude,
            area_km2
        )
    from outlines

),

outlined as (

    select
        areas.area_level,
        areas.area_id,
        areas.area_name,
        areas.parent_area_id,
        areas.population,
        area_list.area_id is not null as has_cells,
        coalesce(cells_by_area.n_cells, 0) as n_cells,
        drawn.outline,
        drawn.outline_source,
        areas.boundary_source,
        drawn.centroid_longitude,
        drawn.centroid_latitude,
        drawn.area_km2
    from areas
    left join area_list
        on
            areas.area_level = area_list.area_level
            and areas.area_id = area_list.area_id
    left join cells_by_area
        on
            areas.area_level = cells_by_area.area_level
            and areas.area_id = cells_by_area.area_id
    left join drawn
        on areas.area_id = drawn.area_id

),

-- Of the content, so that the same list has the same version wherever it is read.
version as (

    select
        substr(
            sha2(array_join(array_sort(collect_list(to_json(struct(outlined.*)))), ''), 256), 1, 12
        ) as geography_version
    from outlined

),

final as (

    select
        version.geography_version,
        outlined.*
    from outlined
    cross join version

)

select * from final
