-- The files of events, and what changes with a file or with the key of its pseudonyms.

with

files as (

    select * from {{ source('landing', 'event_files') }}

),

final as (

    select
        source_file,
        file_version,
        -- Another key gives another pseudonym.
        xxhash64(file_version, {{ pseudonym("'any'", study_date()) }}) as input_id
    from files

)

select * from final
