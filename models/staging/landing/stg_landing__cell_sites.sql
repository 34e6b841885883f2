-- Every row of the cell list, parsed and trimmed, with the first reason to reject it, if there is
-- one. A cell may have several rows, one for each time range (valid_from included, valid_to not).

with

cell_sites as (

    select * from {{ source('landing', 'cell_sites') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        {{ cell_identifier('cell_id') }} as cell_id,
        {{ list_identifier('site_id') }} as site_id,
        {{ list_identifier('area_id') }} as area_id,
        {{ list_text('longitude') }} as longitude_text,
        {{ list_text('latitude') }} as latitude_text,
        {{ list_text('valid_from') }} as valid_from_text,
        {{ list_text('valid_to') }} as valid_to_text
    from cell_sites

),

parsed as (

    select
        *,
        {{ degrees_of('longitude_text') }} as longitude,
        {{ degrees_of('latitude_text') }} as latitude,
        try_cast(valid_from_text as timestamp) as valid_from,
        try_cast(valid_to_text as timestamp) as valid_to
    from trimmed

),

-- A cell without coordinates can be in an area of the list. One coordinate alone is a mistake.
checked as (

    select
        *,
        case
            when is_malformed then 'malformed_row'
            when cell_id is null then 'missing_cell'
            when longitude_text is null and latitude_text is null then null
            when longitude is null or latitude is null then 'invalid_coordinate'
            when
                longitude between -90 and 90
                and abs(latitude) > 90
                and abs(latitude) <= 180
                then 'exchanged_coordinates'
            when not (longitude between -180 and 180 and latitude between -90 and 90)
                then 'invalid_coordinate'
        end as reason_of_place,
        case
            when valid_from is null and valid_from_text is not null then 'invalid_time'
            when valid_to is null and valid_to_text is not null then 'invalid_time'
            when valid_to <= valid_from then 'ends_before_start'
        end as reason_of_time
    from parsed

),

copies_numbered as (

    select
        *,
        coalesce(reason_of_place, reason_of_time) as reason_of_row,
        row_number() over (
            partition by
                cell_id, site_id, area_id, longitude, latitude, valid_from, valid_to,
                coalesce(reason_of_place, reason_of_time)
            order by source_file
        ) as copy_number
    from checked

),

final as (

    select
        source_file,
        cell_id,
        site_id,
        area_id,
        longitude,
        latitude,
        valid_from,
        valid_to,
        coalesce(reason_of_row, case when copy_number > 1 then 'duplicate' end) as reject_reason,
        case
            when reason_of_row in ('invalid_coordinate', 'exchanged_coordinates')
                then concat(
                    'longitude ', {{ shown_degrees('longitude_text') }},
                    ', latitude ', {{ shown_degrees('latitude_text') }}
                )
            when reason_of_row in ('invalid_time', 'ends_before_start')
                then concat(
                    'valid_from ', coalesce({{ shape_of('valid_from_text') }}, 'missing'),
                    ', valid_to ', coalesce({{ shape_of('valid_to_text') }}, 'missing')
                )
        end as rejected_value
    from copies_numbered

)

select * from final
