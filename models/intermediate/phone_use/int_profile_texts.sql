{{ config(materialized='view') }}

-- The calls and texts with each contact in order of time, once for each split of calls and texts
-- together in which they count; of each text, whether it begins a conversation of the study, or of
-- its week. A view, because it is long and read only once.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where interaction is not null

),

split_classes as (

    select * from {{ ref('int_profile_split_classes') }}
    where interaction = 'callandtext'

),

events_by_split as (

    select /*+ broadcast(split_classes) */
        events.subscriber_id,
        events.key_id,
        split_classes.split_id,
        events.counterpart_id,
        events.interaction,
        events.direction,
        events.duration_s,
        events.event_at,
        events.cell_rank,
        events.week_start
    from events
    inner join split_classes on events.event_class = split_classes.event_class

),

events_in_order as (

    select
        *,
        row_number() over with_contact as record_number,
        lag(interaction) over with_contact as previous_interaction,
        lag(direction) over with_contact as previous_direction,
        lag(week_start) over with_contact as previous_week_start,
        {{ seconds_between('lag(event_at) over with_contact', 'event_at') }} as seconds_since
    from events_by_split
    window with_contact as (
        partition by subscriber_id, split_id, counterpart_id
        order by event_at, cell_rank, interaction, direction, duration_s
    )

),

final as (

    select
        *,
        interaction = 'text' and direction = 'out' as is_sent,
        interaction = 'text'
        and not coalesce(previous_interaction = 'text' and seconds_since < 3600, false)
            as is_first_of_study,
        interaction = 'text'
        and not coalesce(
            previous_interaction = 'text'
            and seconds_since < 3600
            and previous_week_start = week_start,
            false
        ) as is_first_of_week
    from events_in_order

)

select * from final
