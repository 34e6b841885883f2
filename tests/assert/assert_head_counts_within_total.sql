{{ config(group='pipeline') }}

-- No table cell of any period holds more people than were seen in the country in that period.

with

presence as (

    select * from {{ ref('candidate_count_subscribers') }}

),

totals as (

    select * from {{ ref('candidate_total_subscribers') }}

),

final as (

    select
        presence.period,
        presence.period_start,
        presence.area_level,
        presence.area_id,
        presence.n_subscribers as n_present,
        totals.n_subscribers as n_total
    from presence
    inner join totals
        on
            presence.period = totals.period
            and presence.period_start = totals.period_start
    where presence.n_subscribers > totals.n_subscribers

)

select * from final
