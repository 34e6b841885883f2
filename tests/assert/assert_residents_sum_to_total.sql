{{ config(group='pipeline') }}

-- Everyone seen in a week or month has one home in it: over areas, residents add up to the total.

with

residents as (

    select
        period,
        period_start,
        area_level,
        sum(n_subscribers) as n_subscribers
    from {{ ref('candidate_count_residents') }}
    where period in ('week', 'month')
    group by
        period,
        period_start,
        area_level

),

totals as (

    select * from {{ ref('candidate_total_subscribers') }}

),

final as (

    select
        residents.period,
        residents.period_start,
        residents.area_level,
        residents.n_subscribers as n_residents,
        totals.n_subscribers as n_total
    from residents
    left join totals
        on
            residents.period = totals.period
            and residents.period_start = totals.period_start
    where residents.n_subscribers is distinct from totals.n_subscribers

)

select * from final
