-- Calls and texts between home areas by week, the same area included. Each is counted once, from
-- the sender's record; both ends must be subscribers with a home in the reference period.
-- Reciprocity is the share of pairs of people with an interaction from the first to the second in
-- the week that also have one back in that week.

with

events as (

    select
        subscriber_id,
        counterpart_id,
        date_trunc('week', event_at) as period_start
    from {{ ref('int_profile_events') }}
    where
        direction = 'out'
        and counterpart_id <> subscriber_id

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'reference'

),

ties as (

    select
        period_start,
        subscriber_id,
        counterpart_id,
        count(*) as n_interactions
    from events
    group by
        period_start,
        subscriber_id,
        counterpart_id

),

ties_marked as (

    select
        ties.*,
        ties_back.subscriber_id is not null as is_reciprocal
    from ties
    left join ties as ties_back
        on
            ties.period_start = ties_back.period_start
            and ties.subscriber_id = ties_back.counterpart_id
            and ties.counterpart_id = ties_back.subscriber_id

),

ties_between_areas as (

    select
        ties_marked.*,
        senders.area_level,
        senders.home_area_id as from_area_id,
        receivers.home_area_id as to_area_id
    from ties_marked
    inner join home_areas as senders
        on ties_marked.subscriber_id = senders.subscriber_id
    inner join home_areas as receivers
        on
            ties_marked.counterpart_id = receivers.subscriber_id
            and senders.area_level = receivers.area_level

),

ties_by_end as (

    select
        *,
        stack(2, 'from', subscriber_id, 'to', counterpart_id) as (tie_end, person_id)
    from ties_between_areas

),

-- The number of interactions that each person at either end takes part in.
people as (

    select
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        tie_end,
        {{ person_key('person_id') }} as person_key,
        sum(n_interactions) as n_interactions,
        count(*) as n_ties,
        count_if(is_reciprocal) as n_reciprocal_ties
    from ties_by_end
    group by
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        tie_end,
        person_id

),

final as (

    select
        'week' as period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        count_if(tie_end = 'from') as n_subscribers,
        sum(person_key) filter (where tie_end = 'from') as people_key,
        count_if(tie_end = 'to') as n_contacted,
        sum(n_interactions) filter (where tie_end = 'from') as n_interactions,
        max(n_interactions) as largest_n_interactions,
        {{ second_largest('n_interactions') }} as second_largest_n_interactions,
        sum(n_reciprocal_ties) / sum(n_ties) as reciprocity,
        count_if(tie_end = 'from' and n_reciprocal_ties > 0) as n_with_reciprocal_ties,
        count_if(tie_end = 'from' and n_reciprocal_ties < n_ties) as n_with_other_ties
    from people
    group by
        period_start,
        area_level,
        from_area_id,
        to_area_id

)

select * from final
