{{ config(group='pipeline') }}

-- A build of nothing is not a success: some events are accepted, and most are not rejected for
-- their time (which would mean that event_timestamp_format is wrong).

with

events as (

    select * from {{ ref('int_events_checked') }}

),

final as (

    select
        count(*) as n_rows,
        count(event_date) as n_accepted,
        count(case when reject_reason = 'unparsable_time' then 1 end) as n_unparsable
    from events
    having
        count(event_date) = 0
        or count(case when reject_reason = 'unparsable_time' then 1 end) * 2 > count(*)

)

select * from final
