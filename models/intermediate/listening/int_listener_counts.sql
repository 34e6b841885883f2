{{ config(enabled=has_feed('listening')) }}

-- The counted events of each customer: the parts of a profile that add up. Daily counts are numbers
-- only, so a hash table in memory holds them; the events themselves are never sorted or shuffled.
-- Copies are counted first and then subtracted.

with

listening_events as (

    select * from {{ ref('int_listening_events') }}
    where event_date is not null

),

copies as (

    select * from {{ ref('int_listening_copies') }}

),

events_and_copies as (

    select
        customer_id,
        key_id,
        event_date,
        is_mobile,
        hour(event_at) as hour_of_day,
        case when zip is not null then event_at end as zip_at,
        1 as n_events
    from listening_events

    union all

    select
        customer_id,
        key_id,
        event_date,
        is_mobile,
        hour(event_at) as hour_of_day,
        cast(null as timestamp) as zip_at,
        -1 as n_events
    from copies

),

-- A day with a copy also has the event it copies.
days_counted as (

    select
        customer_id,
        key_id,
        event_date,
        sum(n_events) as n_events,
        sum(case when hour_of_day >= 5 and hour_of_day < 12 then n_events else 0 end) as n_morning,
        sum(case when hour_of_day >= 12 and hour_of_day < 17 then n_events else 0 end)
            as n_afternoon,
        sum(case when hour_of_day >= 17 and hour_of_day < 22 then n_events else 0 end) as n_evening,
        sum(case when hour_of_day < 5 or hour_of_day >= 22 then n_events else 0 end) as n_night,
        sum(case when is_mobile then n_events else 0 end) as n_mobile,
        max(zip_at) as latest_zip_at
    from events_and_copies
    group by
        customer_id,
        key_id,
        event_date

),

final as (

    select
        customer_id,
        key_id,
        sum(n_events) as n_events,
        sum(n_morning) as n_morning,
        sum(n_afternoon) as n_afternoon,
        sum(n_evening) as n_evening,
        sum(n_night) as n_night,
        sum(n_mobile) as n_mobile,
        count(*) as n_active_days,
        max(latest_zip_at) as latest_zip_at
    from days_counted
    group by
        customer_id,
        key_id

)

select * from final
