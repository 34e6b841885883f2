-- What may be published of candidate_total_subscribers, for every period of the study.

with

candidates as (

    select
        *,
        {{ table_cell('total_subscribers', ['period', 'period_start']) }} as table_cell
    from {{ ref('candidate_total_subscribers') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period in ('day', 'week', 'month')

),

cells_counted as (

    select
        periods.period,
        periods.period_start,
        {{ count_to_judge(
            'total_subscribers', 'periods',
            ['period', 'period_start']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from periods
    left join candidates
        on
            periods.period = candidates.period
            and periods.period_start = candidates.period_start

),

cells_judged as (

    select
        cells_counted.*,
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null,
            false
        ) as is_published
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell

),

final as (

    select
        period,
        period_start,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
