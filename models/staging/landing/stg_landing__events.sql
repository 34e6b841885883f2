-- Every row of the event files, parsed, trimmed and pseudonymised, with the first reason to reject
-- it, if there is one. Unknown cells and duplicates need other rows: see int_events_checked.

with

events as (

    select * from {{ source('landing', 'events') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        event_at_timestamp,
        {{ identifier('subscriber_id') }} as subscriber_id,
        nullif(trim(event_at), '') as event_at_text,
        {{ cell_identifier('cell_id') }} as cell_id,
        lower(trim(event_type)) as event_type,
        lower(trim(direction)) as direction,
        {{ identifier('counterpart_id') }} as counterpart_id,
        try_cast(trim(duration_s) as double) as duration_s,
        try_cast(trim(volume_mb) as double) as volume_mb
    from events

),

parsed as (

    select
        source_file,
        is_malformed,
        event_at_text,
        subscriber_id,
        cell_id,
        counterpart_id,
        coalesce(
            event_at_timestamp,
            try_to_timestamp(event_at_text, '{{ sql_text(var("event_timestamp_format")) }}')
        ) as event_at,
        -- In a row whose columns have shifted, an identifier could be in any of these: only a word,
        -- a known direction or a plausible number is kept.
        case when event_type rlike '^[a-z_]{1,20}$' then event_type end as event_type,
        case when direction in ('in', 'out') then direction end as direction,
        case when duration_s between 0 and 604800 then duration_s end as duration_s,
        case when volume_mb between 0 and 999999 then volume_mb end as volume_mb
    from trimmed

),

checked as (

    select
        *,
        event_at_text rlike concat(
            '^((19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}',
            '|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](19|20)[0-9]{2})',
            '([ T][0-9:.]{0,15})?$'
        ) as looks_like_a_date,
        case
            when is_malformed then 'malformed_row'
            when subscriber_id is null then 'missing_subscriber'
            when event_at is null and event_at_text is null then 'missing_time'
            when event_at is null then 'unparsable_time'
            when not coalesce(event_at >= {{ date_var('study_start') }}, true) then 'outside_study'
            when not coalesce(event_at < {{ date_var('study_end') }} + interval '1' day, true)
                then 'outside_study'
            when cell_id is null then 'missing_cell'
        end as reject_reason
    from parsed

),

dated as (

    -- A row that is rejected here has no date and therefore no pseudonym: nobody needs one, and the
    -- key of a day outside the study may have been destroyed.
    select
        *,
        case when reject_reason is null then cast(event_at as date) end as event_date
    from checked

),

final as (

    select
        source_file,
        {{ pseudonym('subscriber_id', 'event_date') }} as subscriber_id,
        cell_id,
        {{ pseudonym('counterpart_id', 'event_date') }} as counterpart_id,
        {{ key_id('event_date') }} as key_id,
        event_type,
        direction,
        duration_s,
        volume_mb,
        event_at,
        reject_reason,
        -- An identifier may be in the time column: only what looks like a date is kept as it is.
        case
            when reject_reason = 'outside_study' then cast(event_at as string)
            when reject_reason = 'unparsable_time' and looks_like_a_date then event_at_text
            when reject_reason = 'unparsable_time' then {{ shape_of('event_at_text') }}
        end as event_at_shown
    from dated

)

select * from final
