-- What may be published of candidate_count_home_relocations,
-- for every pair of homes before (or none) and now of a level and every week of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'count_home_relocations',
            ['period', 'period_start', 'area_level', 'previous_home_area_id', 'new_home_area_id']
        ) }} as table_cell
    from {{ ref('candidate_count_home_relocations') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'week'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

homes as (

    select
        area_level,
        area_id
    from areas

    union all

    select
        area_level,
        cast(null as string) as area_id
    from areas
    group by area_level

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        homes.area_id as previous_home_area_id,
        areas.area_id as new_home_area_id
    from periods
    cross join homes
    inner join areas
        on homes.area_level = areas.area_level

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'count_home_relocations', 'cells',
            ['period', 'period_start', 'area_level', 'previous_home_area_id', 'new_home_area_id']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.previous_home_area_id <=> candidates.previous_home_area_id
            and cells.new_home_area_id = candidates.new_home_area_id

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
        previous_home_area_id,
        new_home_area_id,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
