-- What may be published of candidate_count_visits_home_away,
-- for every pair of home (or none) and area of a level and every day of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'count_visits_home_away',
            ['period', 'period_start', 'area_level', 'home_area_id', 'visit_area_id']
        ) }} as table_cell
    from {{ ref(contributions_to('count_visits_home_away')) }}

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
        homes.area_id as home_area_id,
        areas.area_id as visit_area_id
    from periods
    cross join homes
    inner join areas
        on homes.area_level = areas.area_level

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'count_visits_home_away', 'cells',
            ['period', 'period_start', 'area_level', 'home_area_id', 'visit_area_id']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.home_area_id <=> candidates.home_area_id
            and cells.visit_area_id = candidates.visit_area_id

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
        home_area_id,
        visit_area_id,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
