-- What may be published of candidate_od_matrix_undirected_all_pairs,
-- for every pair of areas of a level and every day of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'od_matrix_undirected_all_pairs',
            ['period', 'period_start', 'area_level', 'area_id_1', 'area_id_2']
        ) }} as table_cell
    from {{ ref('candidate_od_matrix_undirected_all_pairs') }}

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
        first_area.area_id as area_id_1,
        second_area.area_id as area_id_2
    from periods
    cross join areas as first_area
    inner join areas as second_area
        on
            first_area.area_level = second_area.area_level
            and first_area.area_id < second_area.area_id

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'od_matrix_undirected_all_pairs', 'cells',
            ['period', 'period_start', 'area_level', 'area_id_1', 'area_id_2']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id_1 = candidates.area_id_1
            and cells.area_id_2 = candidates.area_id_2

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
        area_id_1,
        area_id_2,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
