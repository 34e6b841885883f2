-- The share of a subscriber's contacts that make up four fifths of the time spent in calls, in the
-- study and over its weeks.

with

calls as (

    select * from {{ ref('int_profile_events') }}
    where interaction = 'call'

),

split_classes as (

    select * from {{ ref('int_profile_split_classes') }}
    where interaction = 'call'

),

-- Before a call counts in four splits, the calls with a contact are added up.
contacts_by_class as (

    select
        subscriber_id,
        key_id,
        counterpart_id,
        event_class,
        week_start,
        sum(duration_s) as duration_s
    from calls
    group by
        subscriber_id,
        key_id,
        counterpart_id,
        event_class,
        week_start

),

-- Each week once for itself, and once for the study (week_start is null).
contacts_by_split as (

    select /*+ broadcast(split_classes) */
        contacts_by_class.* except (week_start),
        split_classes.split_id,
        explode(array(cast(null as date), contacts_by_class.week_start)) as week_start
    from contacts_by_class
    inner join split_classes on contacts_by_class.event_class = split_classes.event_class

),

contacts as (

    select
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        week_start,
        sum(duration_s) as duration_s
    from contacts_by_split
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

indicators as (

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

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('percent_pareto_durations') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
