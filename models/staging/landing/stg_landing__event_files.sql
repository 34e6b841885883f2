-- The files of events, and how each would be read now: int_events_checked reads a file again only
-- when the file, how it is read, the key of its pseudonyms or a list of places has changed.

{% set rule = reading_rule(ref('stg_landing__events')) %}

with

files as (

    select * from {{ source('landing', 'event_files') }}

),

cell_list as (

    select bit_xor(xxhash64(*)) as content from {{ ref('stg_landing__cell_sites') }}

),

area_list as (

    select bit_xor(xxhash64(*)) as content from {{ ref('stg_landing__areas') }}

),

final as (

    select
        files.source_file,
        xxhash64(
            files.file_version,
            '{{ rule }}',
            cell_list.content,
            area_list.content,
            -- Another key gives another pseudonym.
            {{ pseudonym("'any'", study_date()) }}
        ) as reading_id
    from files
    cross join cell_list
    cross join area_list

)

select * from final
