-- Every row of the event files that is rejected, and why.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

implausible_dates as (

    select * from {{ ref('int_implausible_dates') }}

),

final as (

    select
        source_file,
        reject_reason,
        rejected_value
    from events
    where event_date is null

    union all

    select
        events.source_file,
        'implausible_time' as reject_reason,
        cast(events.event_at as string) as rejected_value
    from events
    left semi join implausible_dates
        on events.event_date = implausible_dates.event_date

)

select * from final
