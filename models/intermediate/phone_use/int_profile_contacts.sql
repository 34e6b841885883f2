-- How many contacts a subscriber calls and writes to, and how interactions are spread over them, in
-- the study (week_start is null) and in each week of it.

with

event_splits as (

    select * from {{ ref('int_profile_event_splits') }}

),

events_by_period as (

    select
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        direction,
        explode(array(cast(null as date), week_start)) as week_start
    from event_splits

),

contacts as (

    select
        subscriber_id,
        key_id,
        split_id,
        counterpart_id,
        count(*) as n_events,
        count_if(direction = 'out') as n_events_out,
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
        sum(n_events) over (partition by subscriber_id, split_id, week_start) as n_events_all,
        sum(n_events) over (
            partition by subscriber_id, split_id, week_start
            order by n_events desc, counterpart_id asc
            rows between unbounded preceding and current row
        ) - n_events as n_events_before
    from contacts

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        count(*) as number_of_contacts,
        -sum(n_events / n_events_all * ln(n_events / n_events_all)) as entropy_of_contacts,
        -- Bandicoot weighs by all interactions, not by those with the contact.
        avg(n_events_out / n_events_all) as balance_of_contacts_mean,
        stddev_pop(n_events_out / n_events_all) as balance_of_contacts_std,
        avg(n_events) as interactions_per_contact_mean,
        stddev_pop(n_events) as interactions_per_contact_std,
        -- The fewest contacts that make up four fifths of all interactions.
        count_if(n_events_before < ceil(n_events_all * 0.8D)) / count(*)
            as percent_pareto_interactions,
        week_start
    from contacts_summed
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

)

select * from final
