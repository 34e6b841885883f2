-- How much, when and how long a subscriber calls and writes: indicators of the study, and their
-- mean and standard deviation over its weeks.

with

weeks as (

    select * from {{ ref('int_profile_activity_weeks') }}

),

-- Each week once for itself, and once for the study (week_start is null).
weeks_and_study as (

    select
        * except (week_start),
        explode(array(cast(null as date), week_start)) as week_start
    from weeks

),

sums as (

    select
        subscriber_id,
        key_id,
        split_id,
        week_start,
        sum(n_events) as n_events,
        sum(n_events_in) as n_events_in,
        sum(n_events_out) as n_events_out,
        sum(n_events_at_night) as n_events_at_night,
        sum(n_days) as n_days,
        sum(n_durations) as n_durations,
        sum(duration_sum) as duration_sum,
        sum(duration_squares) as duration_squares,
        sum(n_intervals) as n_intervals,
        coalesce(sum(interval_sum), 0) as interval_sum,
        coalesce(sum(interval_squares), 0) as interval_squares,
        count(first_interval_s) as n_first_intervals,
        coalesce(sum(first_interval_s), 0) as first_interval_sum,
        coalesce(sum(first_interval_s * first_interval_s), 0) as first_interval_squares
    from weeks_and_study
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

),

-- The study has the intervals between its weeks too.
intervals_of_period as (

    select
        *,
        case when week_start is null then n_first_intervals else 0 end + n_intervals as n_all,
        case when week_start is null then first_interval_sum else 0 end + interval_sum as sum_all,
        case when week_start is null then first_interval_squares else 0 end + interval_squares
            as squares_all
    from sums

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        week_start,
        n_events as number_of_interactions,
        n_events_in as number_of_interaction_in,
        n_events_out as number_of_interaction_out,
        n_days as active_days,
        n_events_at_night / n_events as percent_nocturnal,
        n_events_out / n_events as percent_initiated_interactions,
        try_divide(duration_sum, n_durations) as call_duration_mean,
        {{ deviation('n_durations', 'duration_sum', 'duration_squares') }} as call_duration_std,
        try_divide(sum_all, n_all) as interevent_time_mean,
        {{ deviation('n_all', 'sum_all', 'squares_all') }} as interevent_time_std
    from intervals_of_period

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('number_of_interactions') }},
        {{ over_weeks('number_of_interaction_in') }},
        {{ over_weeks('number_of_interaction_out') }},
        {{ over_weeks('active_days') }},
        {{ over_weeks('percent_nocturnal') }},
        {{ over_weeks('percent_initiated_interactions') }},
        {{ over_weeks('call_duration_mean') }},
        {{ over_weeks('call_duration_std') }},
        {{ over_weeks('interevent_time_mean') }},
        {{ over_weeks('interevent_time_std') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
