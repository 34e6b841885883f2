-- How many contacts a subscriber calls and writes to, and how interactions are spread over them, in
-- the study and over its weeks.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where interaction is not null

),

split_classes as (

    select * from {{ ref('int_profile_split_classes') }}

),

-- Before an event counts in eight splits, the events with a contact are added up.
contacts_by_class as (

    select
        subscriber_id,
        key_id,
        counterpart_id,
        event_class,
        week_start,
        count(*) as n_events,
        count_if(direction = 'out') as n_events_out
    from events
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
        sum(n_events) as n_events,
        sum(n_events_out) as n_events_out
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
        sum(n_events) over (partition by subscriber_id, split_id, week_start) as n_events_all,
        sum(n_events) over (
            partition by subscriber_id, split_id, week_start
            order by n_events desc, counterpart_id asc
            rows between unbounded preceding and current row
        ) - n_events as n_events_before
    from contacts

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        week_start,
        count(*) as number_of_contacts,
        -sum(n_events / n_events_all * ln(n_events / n_events_all)) as entropy_of_contacts,
        -- Bandicoot weighs by all interactions, not by those with the contact.
        avg(n_events_out / n_events_all) as balance_of_contacts_mean,
        stddev_pop(n_events_out / n_events_all) as balance_of_contacts_std,
        avg(n_events) as interactions_per_contact_mean,
        stddev_pop(n_events) as interactions_per_contact_std,
        -- The fewest contacts that make up four fifths of all interactions.
        count_if(n_events_before < ceil(n_events_all * 0.8D)) / count(*)
            as percent_pareto_interactions
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
        {{ over_weeks('number_of_contacts') }},
        {{ over_weeks('entropy_of_contacts') }},
        {{ over_weeks('balance_of_contacts_mean') }},
        {{ over_weeks('balance_of_contacts_std') }},
        {{ over_weeks('interactions_per_contact_mean') }},
        {{ over_weeks('interactions_per_contact_std') }},
        {{ over_weeks('percent_pareto_interactions') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
