{{ config(materialized='ephemeral') }}

-- What the list of areas says that cannot be, or that leaves little of it. int_list_problems stops
-- the build with a sentence for each.

with

area_rows as (

    select * from {{ ref('stg_landing__areas') }}

),

areas as (

    select * from {{ ref('int_areas') }}

),

rows_rejected as (

    select
        'rejected_areas' as problem,
        max_by(source_file, reject_reason is not null) as source_file,
        count_if(reject_reason <> 'duplicate') as n_rows,
        count(*) as n_all,
        mode(case when reject_reason <> 'duplicate' then reject_reason end) as example
    from area_rows
    having n_rows > n_all / 2

),

areas_repeated as (

    select
        area_id,
        min(source_file) as source_file
    from areas
    group by area_id
    having count(*) > 1

),

areas_twice as (

    select
        'area_twice' as problem,
        min(source_file) as source_file,
        count(*) as n_rows,
        count(*) as n_all,
        min({{ shown_identifier('area_id') }}) as example
    from areas_repeated
    having n_rows > 0

),

parents_wrong as (

    select
        if(wholes.area_id is null, 'unknown_parent', 'parent_of_own_level') as problem,
        min(parts.source_file) as source_file,
        count(*) as n_rows,
        count(*) as n_all,
        min_by({{ shown_identifier('parts.parent_area_id') }}, parts.parent_area_id) as example
    from areas as parts
    left join areas as wholes on parts.parent_area_id = wholes.area_id
    where
        parts.parent_area_id is not null
        and (wholes.area_id is null or parts.area_level = wholes.area_level)
    group by problem

),

-- A little more than the globe, because what has been projected and back is not exact.
areas_measured as (

    select
        source_file,
        area_id,
        population is not null or is_population_unreadable as has_population,
        is_population_unreadable,
        west is not null or is_boundary_unreadable as has_geometry,
        is_boundary_unreadable,
        west < -180.1 or east > 180.1 or south < -90.1 or north > 90.1 as is_beyond_the_globe,
        east,
        north
    from areas

),

counted as (

    select
        min(source_file) filter (where is_beyond_the_globe) as file_beyond,
        count_if(is_beyond_the_globe) as n_beyond,
        concat(
            left(format_number(max(abs(east)), 0), 20), ' east, ',
            left(format_number(max(abs(north)), 0), 20), ' north'
        ) as edge,
        min(source_file) filter (where is_boundary_unreadable) as file_of_boundary,
        min(area_id) filter (where is_boundary_unreadable) as area_of_boundary,
        count_if(is_boundary_unreadable) as n_boundaries_unreadable,
        count_if(has_geometry) as n_boundaries,
        min(source_file) filter (where is_population_unreadable) as file_of_population,
        min(area_id) filter (where is_population_unreadable) as area_of_population,
        count_if(is_population_unreadable) as n_populations_unreadable,
        count_if(has_population) as n_populations
    from areas_measured

),

kinds as (

    select
        stack(
            3,
            'not_degrees', file_beyond, n_beyond, n_beyond, edge,
            'unreadable_boundary', file_of_boundary, n_boundaries_unreadable, n_boundaries,
            area_of_boundary,
            'unreadable_population', file_of_population, n_populations_unreadable, n_populations,
            area_of_population
        ) as (problem, source_file, n_rows, n_all, example)
    from counted

),

final as (

    select * from rows_rejected
    union all
    select * from areas_twice
    union all
    select * from parents_wrong
    union all
    select * from kinds
    where n_rows > n_all / 2

)

select * from final
