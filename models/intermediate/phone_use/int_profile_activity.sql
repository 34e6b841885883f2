-- How much, when and how long a subscriber calls and writes, in the study (week_start is null) and
-- in each week of it.

with

event_splits as (

    select * from {{ ref('int_profile_event_splits') }}

),

events_in_order as (

    select
        *,
        lag(event_at) over (partition by subscriber_id, split_id order by event_at) as previous_at,
        lag(week_start) over (partition by subscriber_id, split_id order by event_at)
            as previous_week_start
    from event_splits

),

-- The previous event is the same for week and study, except for a week's first event.
events_by_period as (

    select
        subscriber_id,
        key_id,
        split_id,
        direction,
        duration_s,
        is_night,
        -- In order of time: a day is counted at its first event.
        coalesce(cast(previous_at as date) <> event_date, true) as is_first_of_day,
        {{ seconds_between('previous_at', 'event_at') }} as seconds_since,
        coalesce(previous_week_start <> week_start, true) as is_first_of_week,
        explode(array(cast(null as date), week_start)) as week_start
    from events_in_order

),

intervals as (

    select
        *,
        case when week_start is null or not is_first_of_week then seconds_since end as interevent_s
    from events_by_period

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        count(*) as number_of_interactions,
        count_if(direction = 'in') as number_of_interaction_in,
        count_if(direction = 'out') as number_of_interaction_out,
        count_if(is_first_of_day) as active_days,
        count_if(is_night) / count(*) as percent_nocturnal,
        count_if(direction = 'out') / count(*) as percent_initiated_interactions,
        avg(duration_s) as call_duration_mean,
        stddev_pop(duration_s) as call_duration_std,
        avg(interevent_s) as interevent_time_mean,
        stddev_pop(interevent_s) as interevent_time_std,
        week_start
    from intervals
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

)

select * from final
