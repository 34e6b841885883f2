-- What may be published of candidate_od_matrix_directed_consecutive_pairs,
-- for every pair of areas of a level and every day of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'od_matrix_directed_consecutive_pairs',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as table_cell
    from {{ ref('candidate_od_matrix_directed_consecutive_pairs') }}

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
        second_area.area_level,
        first_area.area_id as from_area_id,
        second_area.area_id as to_area_id
    from periods
    cross join areas as first_area
    inner join areas as second_area
        on first_area.area_level = second_area.area_level

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'od_matrix_directed_consecutive_pairs', 'cells',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.from_area_id = candidates.from_area_id
            and cells.to_area_id = candidates.to_area_id

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
        from_area_id,
        to_area_id,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
