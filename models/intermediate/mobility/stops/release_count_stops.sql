-- What may be published of candidate_count_stops, for every area, kind and day of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'count_stops',
            ['period', 'period_start', 'area_level', 'area_id', 'kind']
        ) }} as table_cell
    from {{ ref('candidate_count_stops') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'day'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id,
        explode(array('stay', 'pass_by')) as kind
    from periods
    cross join areas

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'count_stops', 'cells',
            ['period', 'period_start', 'area_level', 'area_id', 'kind']
        ) }} as n_subscribers,
        candidates.n_stops,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id
            and cells.kind = candidates.kind

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
        kind,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when is_published then {{ released_count('n_stops') }} end as n_stops,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
