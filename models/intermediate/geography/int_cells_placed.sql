-- The accepted rows of the cell list, each with its area and how that is known. The area of the
-- list holds; where boundaries say otherwise, a column says so.

with

cell_sites as (

    select * from {{ ref('int_cells_checked') }}
    where reject_reason is null

),

areas as (

    select * from {{ ref('int_areas') }}

),

site_areas as (

    select * from {{ ref('int_site_areas') }}

),

site_clusters as (

    select * from {{ ref('int_site_clusters') }}

),

site_areas_ranked as (

    select
        *,
        row_number() over (
            partition by longitude, latitude order by distance_km asc, area_id asc
        ) as area_rank
    from site_areas

),

nearest_areas as (

    select * from site_areas_ranked
    where area_rank = 1

),

final as (

    select
        cell_sites.source_file,
        cell_sites.cell_id,
        cell_sites.site_id,
        coalesce(cell_sites.area_id, nearest_areas.area_id) as area_id,
        case
            when cell_sites.area_id is not null then 'listed'
            when nearest_areas.distance_km = 0 then 'inside'
            when nearest_areas.distance_km > 0 then 'nearest'
        end as area_source,
        areas.west is not null
        and cell_sites.longitude is not null
        and site_areas.area_id is null as is_outside_listed_area,
        cell_sites.longitude,
        cell_sites.latitude,
        site_clusters.site_cluster_id,
        cell_sites.valid_from,
        cell_sites.valid_to
    from cell_sites
    left join areas
        on cell_sites.area_id = areas.area_id
    left join site_areas
        on
            cell_sites.area_id = site_areas.area_id
            and cell_sites.longitude = site_areas.longitude
            and cell_sites.latitude = site_areas.latitude
    left join nearest_areas
        on
            cell_sites.longitude = nearest_areas.longitude
            and cell_sites.latitude = nearest_areas.latitude
    left join site_clusters
        on
            cell_sites.longitude = site_clusters.longitude
            and cell_sites.latitude = site_clusters.latitude

)

select * from final
