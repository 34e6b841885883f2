-- The files of listening events, and how each would be read now: int_listening_events reads a file
-- again when the file, the study, or the key of its pseudonyms has changed, and not otherwise.

with

files as (

    select * from {{ source('landing', 'listening_event_files') }}

),

final as (

    select
        source_file,
        concat_ws(
            ' | ',
            file_version,
            {{ date_var('study_start') }},
            {{ date_var('study_end') }},
            {{ key_id(study_date()) }}
        ) as reading_id
    from files

)

select * from final
