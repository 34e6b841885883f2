{{ config(materialized='ephemeral') }}

-- What does not fit between the list of cells and the list of areas. int_list_problems stops the
-- build with a sentence for each.

with

cells as (

    select * from {{ ref('int_cells_checked') }}
    where reject_reason is null

),

areas as (

    select * from {{ ref('int_areas') }}

),

-- With a margin for sites at sea.
country as (

    select
        min(west) - 1 as west,
        min(south) - 1 as south,
        max(east) + 1 as east,
        max(north) + 1 as north,
        count(west) as n_boundaries
    from areas

),

cells_compared as (

    select
        cells.source_file,
        cells.area_id,
        cells.longitude,
        country.n_boundaries,
        cells.area_id is not null and areas.area_id is null as is_area_unknown,
        cells.longitude between country.south and country.north
        and cells.latitude between country.west and country.east
        and not (
            cells.longitude between country.west and country.east
            and cells.latitude between country.south and country.north
        ) as is_inside_if_exchanged
    from cells
    left join areas
        on cells.area_id = areas.area_id
    cross join country

),

counted as (

    select
        min(source_file) as source_file,
        min(source_file) filter (where is_area_unknown) as file_of_unknown_area,
        min({{ shown_identifier('area_id') }}) filter (where is_area_unknown) as unknown_area,
        count_if(is_area_unknown) as n_unknown,
        count_if(is_inside_if_exchanged) as n_exchanged,
        count(longitude) as n_sites,
        count(area_id) as n_listed,
        max(n_boundaries) as n_boundaries,
        count(*) as n_all
    from cells_compared

),

final as (

    select
        'unknown_area' as problem,
        file_of_unknown_area as source_file,
        n_unknown as n_rows,
        n_all,
        unknown_area as example
    from counted
    where n_unknown > 0

    union all

    select
        'exchanged_sites' as problem,
        source_file,
        n_exchanged as n_rows,
        n_sites as n_all,
        cast(null as string) as example
    from counted
    where n_exchanged > n_sites / 2

    union all

    select
        'no_area' as problem,
        source_file,
        n_all as n_rows,
        n_all,
        cast(null as string) as example
    from counted
    where
        n_all > 0
        and n_listed = 0
        and n_boundaries = 0

)

select * from final
