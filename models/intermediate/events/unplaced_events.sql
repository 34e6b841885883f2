-- Events without a place, by file and reason: they count in profiles of phone use, and in no area.

with

events as (

    select * from {{ ref('int_events_accepted') }}

),

final as (

    select
        source_file,
        unplaced_reason,
        unplaced_cell,
        count(*) as n_events
    from events
    where unplaced_reason is not null
    group by
        source_file,
        unplaced_reason,
        unplaced_cell

)

select * from final
