{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partition_by=['event_date', 'events_version'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets'),
    post_hook="{{ finish_reading(this, ref('stg_landing__event_files')) }}"
) }}

-- The only pass over the event files: every row read, accepted, with its place and event_date, or
-- rejected, with a reason and without event_date. Of equal rows, that in the file with the smallest
-- name is accepted; the others are duplicates. A build reads the files that are new or changed; the
-- days they reach into, and the rejected rows, are written again with what older files say of them.

{% set to_read = files_to_read(ref('stg_landing__event_files'), ref('int_events_placed')) %}

with

files as (

    select
        source_file,
        {{ reading_id('input_id') }} as reading_id
    from {{ ref('stg_landing__event_files') }}

),

rows_read as (

    select
        * except (reject_reason),
        reject_reason
    from {{ ref('int_events_placed') }}
    {% if is_incremental() %}
        where source_file in ({{ to_read.files or 'null' }})
    {% endif %}

),

{% if is_incremental() %}
    rows_kept as (

        select
            rows_known.* except (reject_reason, reading_id, event_date, events_version),
            case
                when
                    rows_known.reject_reason = 'duplicate'
                    and cast(rows_known.event_at as date) in ({{ to_read.dates or 'null' }})
                    then null
                else rows_known.reject_reason
            end as reject_reason
        from {{ this }} as rows_known
        left semi join files
            on
                rows_known.source_file = files.source_file
                and rows_known.reading_id = files.reading_id
        where
            (rows_known.source_file in ({{ to_read.files or 'null' }})) is not true
            and (
                rows_known.event_date in ({{ to_read.dates or 'null' }})
                or (rows_known.event_date is null and {{ to_read.is_any or 'false' }})
            )

    ),

{% endif %}
all_rows as (

    select * from rows_read
    {% if is_incremental() %}
        union all
        select * from rows_kept
    {% endif %}

),

-- The one shuffle of the events: all of a subscriber in one task. Rejected rows are spread.
rows_of_tasks as (

    select /*+ repartition({{ var('subscriber_buckets') }}, task_key) */
        *,
        coalesce(subscriber_id, xxhash64(source_file, event_at, rejected_value)) as task_key
    from all_rows

),

copies_numbered as (

    select
        *,
        row_number() over (
            partition by
                event_at, task_key, reject_reason, cell_id, unplaced_cell, counterpart_id,
                event_type, direction, duration_s, volume_mb
            order by source_file
        ) as copy_number
    from rows_of_tasks

),

final as (

    select /*+ broadcast(files) */
        copies_numbered.source_file,
        copies_numbered.rejected_value,
        copies_numbered.unplaced_reason,
        copies_numbered.unread_values,
        copies_numbered.subscriber_id,
        copies_numbered.counterpart_id,
        copies_numbered.key_id,
        copies_numbered.event_type,
        copies_numbered.direction,
        copies_numbered.duration_s,
        copies_numbered.volume_mb,
        copies_numbered.event_at,
        copies_numbered.area_id,
        copies_numbered.unplaced_cell,
        copies_numbered.cell_id,
        files.reading_id,
        coalesce(
            copies_numbered.reject_reason,
            case when copies_numbered.copy_number > 1 then 'duplicate' end
        ) as reject_reason,
        case
            when copies_numbered.reject_reason is null and copies_numbered.copy_number = 1
                then cast(copies_numbered.event_at as date)
        end as event_date,
        {{ to_read.version or '0L' }} as events_version
    from copies_numbered
    left join files
        on copies_numbered.source_file = files.source_file

)

select * from final
