-- Every row of the list of areas, trimmed, with the first reason to reject it, if there is one.

with

areas as (

    select * from {{ source('landing', 'areas') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        {{ list_identifier('area_id') }} as area_id,
        nullif(trim(area_level), '') as area_level,
        trim(area_name) as area_name,
        {{ list_identifier('parent_area_id') }} as parent_area_id,
        {{ list_text('population') }} as population_text,
        nullif(trim(geometry), '') as geometry,
        nullif(trim(boundary_source), '') as boundary_source
    from areas

),

checked as (

    select
        *,
        case
            when is_malformed then 'malformed_row'
            when area_id is null then 'missing_area'
            when area_level is null then 'missing_level'
        end as reason_of_row
    from trimmed

),

copies_numbered as (

    select
        *,
        row_number() over (
            partition by
                area_id, area_level, area_name, parent_area_id, population_text, geometry,
                boundary_source, reason_of_row
            order by source_file
        ) as copy_number
    from checked

),

final as (

    select
        source_file,
        area_id,
        area_level,
        area_name,
        parent_area_id,
        try_cast(population_text as double) as population,
        try_cast(population_text as double) is null and population_text is not null
            as is_population_unreadable,
        geometry,
        boundary_source,
        coalesce(reason_of_row, case when copy_number > 1 then 'duplicate' end) as reject_reason
    from copies_numbered

)

select * from final
