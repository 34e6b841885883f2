{{ config(enabled=has_feed('recharges')) }}

-- Every row of the recharge files, parsed, trimmed and pseudonymised as events are, with the first
-- reason to reject it, if there is one. Duplicates need other rows: see int_recharges_checked.

with

recharges as (

    select * from {{ source('landing', 'recharges') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        recharge_at_timestamp,
        {{ identifier('subscriber_id') }} as subscriber_id,
        nullif(trim(recharge_at), '') as recharge_at_text,
        nullif(trim(amount), '') as amount_text
    from recharges

),

parsed as (

    select
        source_file,
        is_malformed,
        subscriber_id,
        recharge_at_text,
        amount_text,
        coalesce(
            recharge_at_timestamp,
            {{ time_read('recharge_at_text') }}
        ) as recharge_at,
        coalesce(
            try_cast(amount_text as decimal(18, 4)),
            try_cast({{ number_read('amount_text') }} as decimal(18, 4))
        ) as amount
    from trimmed

),

checked as (

    -- A greater number could be a phone number whose columns have shifted.
    select
        *,
        case
            when is_malformed then 'malformed_row'
            when subscriber_id is null then 'missing_subscriber'
            when recharge_at is null and recharge_at_text is null then 'missing_time'
            when recharge_at is null then 'unparsable_time'
            when not coalesce(recharge_at >= {{ date_var('study_start') }}, true)
                then 'outside_study'
            when not coalesce(recharge_at < {{ date_var('study_end') }} + interval '1' day, true)
                then 'outside_study'
            when amount_text is null then 'missing_amount'
            when not coalesce(amount between 0 and 9999999, false) then 'invalid_amount'
        end as reject_reason
    from parsed

),

dated as (

    -- As in stg_landing__events: no date, no pseudonym.
    select
        *,
        case when reject_reason is null then cast(recharge_at as date) end as event_date
    from checked

),

final as (

    select
        source_file,
        {{ pseudonym('subscriber_id', 'event_date') }} as subscriber_id,
        {{ key_id('event_date') }} as key_id,
        case when reject_reason is null then amount end as amount,
        recharge_at,
        event_date,
        reject_reason,
        -- An identifier may be in another column: its shape is enough to see what is wrong.
        case
            when reject_reason = 'outside_study' then cast(recharge_at as string)
            when reject_reason = 'unparsable_time' then {{ shape_of('recharge_at_text') }}
            when reject_reason = 'invalid_amount' then {{ shape_of('amount_text') }}
        end as rejected_value
    from dated

)

select * from final
