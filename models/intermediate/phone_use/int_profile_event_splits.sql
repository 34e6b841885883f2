{{ config(materialized='view') }}

-- Every call and text once for each split in which it counts: two values each for interaction, part
-- of the week and part of the day. A view, because it is long and read only once.

with

events as (

    -- The rows of a subscriber are brought together here, while they are few: later groupings and
    -- sorts by subscriber need no further shuffle.
    select /*+ repartition(subscriber_id) */ * from {{ ref('int_profile_events') }}
    where interaction is not null

),

splits as (

    select * from {{ ref('profile_splits') }}
    where interaction is not null

),

final as (

    select /*+ broadcast(splits) */
        events.subscriber_id,
        events.key_id,
        splits.split_id,
        splits.interaction,
        events.interaction as own_interaction,
        events.event_at,
        events.cell_id,
        events.direction,
        events.counterpart_id,
        events.duration_s,
        events.part_of_day = 'night' as is_night,
        events.week_start,
        events.event_date
    from events
    inner join splits
        on
            splits.interaction in (events.interaction, 'callandtext')
            and splits.part_of_week in (events.part_of_week, 'allweek')
            and splits.part_of_day in (events.part_of_day, 'allday')

)

select * from final
