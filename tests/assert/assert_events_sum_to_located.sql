{{ config(group='pipeline') }}

-- At every level, the events of all areas and days add up to the located events, and no table cell
-- has fewer events than people.

with

candidates as (

    select * from {{ ref('candidate_count_events') }}

),

located as (

    select count(*) as n_events from {{ ref('int_events_located') }}

),

counted as (

    select
        period,
        area_level,
        sum(n_events) as n_events,
        sum(case when n_events < n_subscribers then 1 else 0 end) as n_impossible_cells
    from candidates
    group by
        period,
        area_level

),

final as (

    select
        counted.period,
        counted.area_level,
        counted.n_events,
        located.n_events as n_events_located,
        counted.n_impossible_cells
    from counted
    cross join located
    where
        counted.n_events <> located.n_events
        or counted.n_impossible_cells > 0

)

select * from final
