{{ config(group='pipeline') }}

-- Everyone seen in an area has one home or none: over homes, visits add up to presence.

with

visits as (

    select
        period_start,
        area_level,
        visit_area_id as area_id,
        sum(n_subscribers) as n_subscribers
    from {{ ref('candidate_count_visits_home_away') }}
    group by
        period_start,
        area_level,
        visit_area_id

),

presence as (

    select * from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

final as (

    select
        presence.period_start,
        presence.area_level,
        presence.area_id,
        presence.n_subscribers as n_present,
        visits.n_subscribers as n_visitors
    from presence
    full outer join visits
        on
            presence.period_start = visits.period_start
            and presence.area_level = visits.area_level
            and presence.area_id = visits.area_id
    where presence.n_subscribers is distinct from visits.n_subscribers

)

select * from final
