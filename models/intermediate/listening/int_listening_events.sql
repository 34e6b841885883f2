{{ config(
    enabled=has_feed('listening'),
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partition_by=['source_file'],
    options={'"parquet.enable.dictionary#event_id"': 'false'},
    pre_hook="{{ forget_made_of(this) }}",
    post_hook="{{ forget_changed_files(this, ref('stg_listening__event_files')
) }}",
    meta={'retention': 'events'}
) }}

-- Every row of the listening events as it was read, accepted (event_date is set) or rejected.
-- Reading and pseudonymisation dominate the cost, so each file is read once: a build reads the
-- files that are new or would now be read differently, and drops those that are gone. Each file is
-- a partition, because files are replaced as a whole; each task reads one file, so no shuffle is
-- needed before writing. Event ids are all distinct, so a dictionary encoding of them would be
-- wasted.

with

listening_events as (

    select * from {{ ref('stg_listening__events') }}

),

files as (

    select * from {{ ref('stg_listening__event_files') }}

),

{% if is_incremental() %}
    files_read_before as (

        select
            source_file,
            reading_id
        from {{ this }}
        group by
            source_file,
            reading_id

    ),
{% endif %}

files_to_read as (

    select files.*
    from files
    {% if is_incremental() %}
        left anti join files_read_before
            on
                files.source_file = files_read_before.source_file
                and files.reading_id = files_read_before.reading_id
    {% endif %}

),

final as (

    select /*+ broadcast(files_to_read) */
        listening_events.event_id,
        listening_events.customer_id,
        listening_events.key_id,
        listening_events.track_id,
        listening_events.is_mobile,
        listening_events.zip,
        listening_events.event_at,
        listening_events.event_date,
        listening_events.reject_reason,
        listening_events.rejected_value,
        files_to_read.reading_id,
        listening_events.source_file
    from listening_events
    inner join files_to_read
        on listening_events.source_file = files_to_read.source_file

)

select * from final
