-- The share of a subscriber's contacts that make up four fifths of the time spent in calls, in the
-- study (week_start is null) and in each week of it.

with

event_splits as (

    select * from {{ ref('int_profile_event_splits') }}
    where interaction = 'call'

),

events_by_period as (

    select
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        duration_s,
        explode(array(cast(null as date), week_start)) as week_start
    from event_splits

),

contacts as (

    select
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        sum(duration_s) as duration_s,
        week_start
    from events_by_period
    group by
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        week_start

),

contacts_summed as (

    select
        *,
        sum(duration_s) over (partition by subscriber_id, split_id, week_start)
            as duration_all_s,
        sum(duration_s) over (
            partition by subscriber_id, split_id, week_start
            order by duration_s desc, counterpart_id asc
            rows between unbounded preceding and current row
        ) - duration_s as duration_before_s
    from contacts

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        count_if(duration_before_s < ceil(duration_all_s * 0.8D)) / count(*)
            as percent_pareto_durations,
        week_start
    from contacts_summed
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

)

select * from final
