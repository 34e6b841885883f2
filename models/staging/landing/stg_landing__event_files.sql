-- The files of events, and what changes with a file, with the key of its pseudonyms or with a list
-- of places: int_events_checked reads a file again only then, or when it is read in another way.

with

files as (

    select * from {{ source('landing', 'event_files') }}

),

cell_list as (

    select bit_xor(xxhash64(*)) as content from {{ source('landing', 'cell_sites') }}

),

area_list as (

    select bit_xor(xxhash64(*)) as content from {{ source('landing', 'areas') }}

),

final as (

    select
        files.source_file,
        xxhash64(
            files.file_version,
            cell_list.content,
            area_list.content,
            -- Another key gives another pseudonym.
            {{ pseudonym("'any'", study_date()) }}
        ) as input_id
    from files
    cross join cell_list
    cross join area_list

)

select * from final
