-- Where each cell is at each instant: time ranges that do not overlap. Where rows of the cell list
-- overlap, the one that began last holds, so that no event is counted in two areas. Rows that began
-- together are of one place (int_list_problems); one with an area goes before one without.

with

cells_placed as (

    select * from {{ ref('int_cells_placed') }}

),

listed as (

    select
        * except (valid_from, valid_to),
        coalesce(valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from cells_placed

),

boundaries as (

    select
        cell_id,
        valid_from as boundary_at
    from listed
    union distinct
    select
        cell_id,
        valid_to as boundary_at
    from listed

),

stretches as (

    select
        cell_id,
        boundary_at as stretch_from,
        lead(boundary_at) over (partition by cell_id order by boundary_at) as stretch_to
    from boundaries

),

versions_ranked as (

    select
        listed.cell_id,
        listed.site_id,
        listed.area_id,
        listed.area_source,
        listed.is_outside_listed_area,
        listed.longitude,
        listed.latitude,
        listed.site_cluster_id,
        stretches.stretch_from as valid_from,
        stretches.stretch_to as valid_to,
        row_number() over (
            partition by listed.cell_id, stretches.stretch_from
            order by
                listed.valid_from desc,
                listed.area_id asc nulls last,
                listed.site_id asc nulls last,
                listed.longitude asc nulls last,
                listed.latitude asc nulls last,
                listed.valid_to asc
        ) as version_rank
    from listed
    inner join stretches
        on
            listed.cell_id = stretches.cell_id
            and listed.valid_from <= stretches.stretch_from
            and listed.valid_to >= stretches.stretch_to

),

final as (

    select
        cell_id,
        site_id,
        area_id,
        area_source,
        is_outside_listed_area,
        longitude,
        latitude,
        site_cluster_id,
        valid_from,
        valid_to,
        -- One number per cell, in order of cell_id, for models with many rows a cell.
        dense_rank() over (order by cell_id asc) as cell_rank,
        -- One number per cell and place, in the same order: Python functions identify a cell by it.
        cast(row_number() over (order by cell_id asc, valid_from asc) as int) as cell_number
    from versions_ranked
    where version_rank = 1

)

select * from final
