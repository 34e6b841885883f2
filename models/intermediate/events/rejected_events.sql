-- Every row of the event files that is rejected, and why.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

final as (

    select
        source_file,
        reject_reason,
        rejected_value
    from events
    where event_date is null

)

select * from final
