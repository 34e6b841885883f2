-- Which areas each site lies in, or within snap_km of, by boundaries: SQL joins sites with the
-- boxes around boundaries, a Python function measures what is left. At the level of the cells: that
-- of the areas the cell list names, else the one with most boundaries, the finest that has them.
-- depends_on: {{ ref('int_list_problems') }} (nothing is made of lists that contradict themselves)

with

areas as (

    select * from {{ ref('int_areas') }}

),

cell_sites as (

    select * from {{ ref('int_cells_checked') }}
    where reject_reason is null

),

-- Each with degrees that are more than snap_km: one of latitude has 110.57 km or more, one of
-- longitude shrinks towards the poles.
sites as (

    select
        longitude,
        latitude,
        {{ var('snap_km') }} / 110.5 as reach_north,
        {{ var('snap_km') }} / (110.5 * greatest(cos(radians(latitude)), 0.01)) as reach_east
    from cell_sites
    where longitude is not null
    group by
        longitude,
        latitude

),

levels as (

    select
        areas.area_level,
        true as is_listed,
        count(*) as n_areas,
        0 as n_parents
    from areas
    left semi join cell_sites
        on areas.area_id = cell_sites.area_id
    group by areas.area_level

    union all

    select
        area_level,
        false as is_listed,
        count(*) as n_areas,
        count(parent_area_id) as n_parents
    from areas
    where west is not null
    group by area_level

),

level_of_cells as (

    select area_level from levels
    order by is_listed desc, n_areas desc, n_parents desc, area_level desc
    limit 1

),

sites_near_boxes as (

    select /*+ broadcast(sites) */
        areas.area_id,
        collect_list(struct(sites.longitude, sites.latitude)) as sites
    from areas
    left semi join level_of_cells
        on areas.area_level = level_of_cells.area_level
    inner join sites
        on
            areas.west <= sites.longitude + sites.reach_east
            and areas.east >= sites.longitude - sites.reach_east
            and areas.south <= sites.latitude + sites.reach_north
            and areas.north >= sites.latitude - sites.reach_north
    group by areas.area_id

),

measured as (

    select
        sites_near_boxes.area_id,
        {{ sites_near('areas.geometry', 'sites_near_boxes.sites', var('snap_km')) }} as nearby
    from sites_near_boxes
    inner join areas
        on sites_near_boxes.area_id = areas.area_id

),

final as (

    select
        area_id,
        inline(nearby) as (longitude, latitude, distance_km)
    from measured

)

select * from final
