{{ config(enabled=has_feed('listening')) }}

-- Every row of the listening events, parsed, trimmed and pseudonymised, with the first reason to
-- reject it, if there is one. Duplicates need other rows: see int_listening_copies.

with

listening_events as (

    select * from {{ source('landing', 'listening_events') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        nullif(trim(event_id), '') as event_id,
        {{ identifier('customer_id') }} as customer_id,
        nullif(trim(track_id), '') as track_id,
        nullif(trim(event_at), '') as event_at_text,
        {{ code_read('trim(is_mobile)') }} as is_mobile_text,
        {{ code_read('trim(zip)') }} as zip_text
    from listening_events

),

parsed as (

    select
        source_file,
        is_malformed,
        event_id,
        customer_id,
        track_id,
        event_at_text,
        -- A cast takes a fifth of the time of try_to_timestamp with a pattern, but also accepts
        -- other spellings: they are rejected here.
        case
            when event_at_text rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\z'
                then try_cast(event_at_text as timestamp)
        end as event_at,
        case is_mobile_text when '1' then true when '0' then false end as is_mobile,
        -- An invalid zip is no reason to lose the event.
        case when zip_text rlike '^[0-9]{5}(-[0-9]{4})?$' then left(zip_text, 5) end as zip
    from trimmed

),

checked as (

    select
        *,
        case
            when is_malformed then 'malformed_row'
            when customer_id is null then 'missing_customer'
            when event_at is null and event_at_text is null then 'missing_time'
            when event_at is null then 'unparsable_time'
            when not coalesce(event_at >= {{ date_var('study_start') }}, true) then 'outside_study'
            when not coalesce(event_at < {{ date_var('study_end') }} + interval '1' day, true)
                then 'outside_study'
            when track_id is null then 'missing_track'
            when is_mobile is null then 'invalid_mobile'
        end as reject_reason
    from parsed

),

dated as (

    -- As in stg_landing__events: no date, no pseudonym.
    select
        *,
        case when reject_reason is null then cast(event_at as date) end as event_date
    from checked

),

final as (

    select
        source_file,
        event_id,
        {{ pseudonym('customer_id', 'event_date') }} as customer_id,
        {{ key_id('event_date') }} as key_id,
        case when reject_reason is null then track_id end as track_id,
        is_mobile,
        zip,
        event_at,
        event_date,
        reject_reason,
        -- An identifier may be in the time column: its shape is enough to see what is wrong.
        case
            when reject_reason = 'outside_study' then cast(event_at as string)
            when reject_reason = 'unparsable_time' then {{ shape_of('event_at_text') }}
        end as rejected_value
    from dated

)

select * from final
