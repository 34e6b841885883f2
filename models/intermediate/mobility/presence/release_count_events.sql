-- What may be published of candidate_count_events, for every area and period of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'count_events',
            ['period', 'period_start', 'area_level', 'area_id']
        ) }} as table_cell
    from {{ ref('candidate_count_events') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period in ('hour', 'day')

),

areas as (

    select * from {{ ref('int_area_list') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id
    from periods
    cross join areas

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'count_events', 'cells',
            ['period', 'period_start', 'area_level', 'area_id']
        ) }} as n_subscribers,
        candidates.n_events,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id

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
        area_level,
        area_id,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when is_published then {{ released_count('n_events') }} end as n_events,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
