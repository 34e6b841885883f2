-- How well the contacts of a subscriber know each other: the share of pairs of contacts with a tie
-- to the subscriber that also have a tie to each other; and the same with each triangle weighted by
-- the geometric mean of its ties, relative to the strongest tie among all contacts.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where counterpart_id <> subscriber_id

),

ties as (

    select * from {{ ref('int_profile_ties') }}

),

contacts as (

    select distinct
        subscriber_id,
        key_id,
        counterpart_id
    from events

),

contacts_tied as (

    select
        contacts.subscriber_id,
        contacts.key_id,
        contacts.counterpart_id,
        ties.n_half_hours
    from contacts
    left join ties
        on
            contacts.subscriber_id = ties.person_id
            and contacts.counterpart_id = ties.contact_id

),

known_by as (

    select
        counterpart_id,
        count(*) as n_known_by
    from contacts
    group by counterpart_id

),

-- Each tie between two contacts once, from the end that fewer subscribers know: so the join goes
-- through those few, not through everybody who calls a popular number.
ties_once as (

    select
        ties.person_id,
        ties.contact_id,
        ties.n_half_hours
    from ties
    inner join known_by as known_persons
        on ties.person_id = known_persons.counterpart_id
    inner join known_by as known_others
        on ties.contact_id = known_others.counterpart_id
    where
        struct(known_persons.n_known_by, ties.person_id)
        < struct(known_others.n_known_by, ties.contact_id)

),

triangles as (

    select
        first_contacts.subscriber_id,
        count_if(first_contacts.n_half_hours > 0 and second_contacts.n_half_hours > 0) as n_closed,
        sum(
            power(
                first_contacts.n_half_hours * second_contacts.n_half_hours * ties_once.n_half_hours,
                1 / 3D
            )
        ) as mean_half_hours,
        max(ties_once.n_half_hours) as n_half_hours_max
    from contacts_tied as first_contacts
    inner join ties_once
        on first_contacts.counterpart_id = ties_once.person_id
    inner join contacts_tied as second_contacts
        on
            first_contacts.subscriber_id = second_contacts.subscriber_id
            and ties_once.contact_id = second_contacts.counterpart_id
    group by first_contacts.subscriber_id

),

subscribers as (

    select
        subscriber_id,
        key_id,
        count(n_half_hours) as n_ties,
        max(n_half_hours) as n_half_hours_max
    from contacts_tied
    group by
        subscriber_id,
        key_id

),

final as (

    -- 0 where there is no pair of ties.
    select
        subscribers.subscriber_id,
        subscribers.key_id,
        coalesce(
            try_divide(
                2 * triangles.n_closed,
                subscribers.n_ties * (subscribers.n_ties - 1)
            ),
            0
        ) as clustering_coefficient_unweighted,
        coalesce(
            try_divide(
                2 * triangles.mean_half_hours
                / greatest(subscribers.n_half_hours_max, triangles.n_half_hours_max),
                subscribers.n_ties * (subscribers.n_ties - 1)
            ),
            0
        ) as clustering_coefficient_weighted
    from subscribers
    left join triangles
        on subscribers.subscriber_id = triangles.subscriber_id

)

select * from final
