{{ config(materialized='view') }}

-- How much, when and how long a subscriber calls and writes, week by week: as counts and sums, of
-- which int_profile_activity makes indicators of the weeks and of the study. A view, because it is
-- read only once.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where interaction is not null

),

split_classes as (

    select * from {{ ref('int_profile_split_classes') }}

),

-- Events are many, and each counts in eight splits: they are sorted once, not once a split.
events_in_order as (

    select
        *,
        array(
            max(case when event_class = 0 then event_at end) over earlier,
            max(case when event_class = 1 then event_at end) over earlier,
            max(case when event_class = 2 then event_at end) over earlier,
            max(case when event_class = 3 then event_at end) over earlier,
            max(case when event_class = 4 then event_at end) over earlier,
            max(case when event_class = 5 then event_at end) over earlier,
            max(case when event_class = 6 then event_at end) over earlier,
            max(case when event_class = 7 then event_at end) over earlier
        ) as last_of_class
    from events
    window
        earlier as (
            partition by subscriber_id
            order by event_at
            rows between unbounded preceding and 1 preceding
        )

),

-- The last event of the same class, of that with another interaction (1), of that with another part
-- of the week (2), and so on.
last_events as (

    select
        *,
        last_of_class[event_class] as last_0,
        last_of_class[event_class ^ 1] as last_1,
        last_of_class[event_class ^ 2] as last_2,
        last_of_class[event_class ^ 3] as last_3,
        last_of_class[event_class ^ 4] as last_4,
        last_of_class[event_class ^ 5] as last_5,
        last_of_class[event_class ^ 6] as last_6,
        last_of_class[event_class ^ 7] as last_7
    from events_in_order

),

-- The last event of a split is the last of the classes that count in it.
events_by_split as (

    select
        *,
        posexplode(
            array(
                last_0,
                greatest(last_0, last_1),
                greatest(last_0, last_2),
                greatest(last_0, last_1, last_2, last_3),
                greatest(last_0, last_4),
                greatest(last_0, last_1, last_4, last_5),
                greatest(last_0, last_2, last_4, last_6),
                greatest(last_0, last_1, last_2, last_3, last_4, last_5, last_6, last_7)
            )
        ) as (wider_by, previous_at)
    from last_events

),

intervals as (

    select /*+ broadcast(split_classes) */
        events_by_split.*,
        split_classes.split_id,
        {{ seconds_between('events_by_split.previous_at', 'events_by_split.event_at') }}
            as interevent_s,
        events_by_split.previous_at >= events_by_split.week_start as is_within_week
    from events_by_split
    inner join split_classes
        on
            events_by_split.event_class = split_classes.event_class
            and events_by_split.wider_by = split_classes.wider_by

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        week_start,
        count(*) as n_events,
        count_if(direction = 'in') as n_events_in,
        count_if(direction = 'out') as n_events_out,
        count_if(part_of_day = 'night') as n_events_at_night,
        bit_count(bit_or(shiftleft(1, weekday(event_date)))) as n_days,
        count(duration_s) as n_durations,
        sum(duration_s) as duration_sum,
        sum(duration_s * duration_s) as duration_squares,
        count_if(is_within_week) as n_intervals,
        sum(case when is_within_week then interevent_s end) as interval_sum,
        sum(case when is_within_week then interevent_s * interevent_s end) as interval_squares,
        -- From the last event before the week: an interval of the study, not of the week.
        max(case when not is_within_week then interevent_s end) as first_interval_s
    from intervals
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

)

select * from final
