{{ config(enabled=has_feed('listening')) }}

-- The files of listening events, and how each would be read now: int_listening_events reads a file
-- again only when the file, the study, the key of its pseudonyms or the list of placeholders has
-- changed.

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
            {{ key_id(study_date()) }},
            md5(concat_ws(' | ', {{ placeholders() }}, '{{ var('zero_is_a_person') }}'))
        ) as reading_id
    from files

)

select * from final
