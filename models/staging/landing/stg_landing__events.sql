-- Every row of the event files, parsed, trimmed and pseudonymised, with the first reason to reject
-- it, if there is one. Duplicates, words and cells need other rows: see int_events_placed and
-- int_events_checked. A value that cannot be read is null, and unread_values has its shape.

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
        {{ identifier('counterpart_id') }} as counterpart_id,
        {{ cell_identifier('cell_id') }} as cell_id,
        case when {{ is_rounded_number('subscriber_id') }} then subscriber_id end
            as rounded_subscriber_id,
        {{ is_single_zero('subscriber_id') }} as is_subscriber_zero,
        nullif(trim(event_at), '') as event_at_text,
        lower(trim(event_type)) as event_type_text,
        lower(trim(direction)) as direction_text,
        case when {{ is_rounded_number('counterpart_id') }} then counterpart_id end
            as counterpart_id_text,
        trim(duration_s) as duration_s_text,
        trim(volume_mb) as volume_mb_text
    from events

),

parsed as (

    -- In a row whose columns have shifted, an identifier could be in any of these: only a word or a
    -- plausible number is kept.
    select
        *,
        coalesce(event_at_timestamp, {{ time_read('event_at_text') }}) as event_at,
        {{ word_read('event_type_text') }} as event_type,
        {{ word_read('direction_text') }} as direction,
        {{ within(seconds_read('duration_s_text'), 0, 604800) }} as duration_s,
        {{ within(number_read('volume_mb_text'), 0, 999999) }} as volume_mb
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
            when rounded_subscriber_id is not null then 'rounded_subscriber'
            when subscriber_id is null then 'missing_subscriber'
            when event_at is null and event_at_text is null then 'missing_time'
            when event_at is null then 'unparsable_time'
            when not coalesce(event_at >= {{ date_var('study_start') }}, true) then 'outside_study'
            when not coalesce(event_at < {{ date_var('study_end') }} + interval '1' day, true)
                then 'outside_study'
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
        case
            when not is_malformed
                then
                    nullif(
                        concat_ws(
                            '; ',
                            {{ unread_value('event_type') }},
                            {{ unread_value('direction') }},
                            {{ unread_value('counterpart_id') }},
                            {{ unread_value('duration_s') }},
                            {{ unread_value('volume_mb') }}
                        ),
                        ''
                    )
        end as unread_values,
        -- An identifier may be in the time column: only what looks like a date is kept as it is.
        case
            when reject_reason = 'missing_subscriber' and is_subscriber_zero then '0'
            when reject_reason = 'rounded_subscriber' then {{ shape_of('rounded_subscriber_id') }}
            when reject_reason = 'outside_study' then cast(event_at as string)
            when reject_reason = 'unparsable_time' and looks_like_a_date then event_at_text
            when reject_reason = 'unparsable_time' then {{ shape_of('event_at_text') }}
        end as rejected_value
    from dated

)

select * from final
