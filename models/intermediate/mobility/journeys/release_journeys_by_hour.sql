-- What may be published of candidate_journeys_by_hour,
-- for every area of origin, kind of day, hour of the day and month of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'journeys_by_hour',
            ['period', 'period_start', 'area_level', 'area_id', 'day_type', 'hour_of_day']
        ) }} as table_cell
    from {{ ref('candidate_journeys_by_hour') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'month'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

hours as (

    select explode(sequence(0, 23)) as hour_of_day

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id,
        explode(array('weekday', 'weekend')) as day_type,
        hours.hour_of_day
    from periods
    cross join areas
    cross join hours

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'journeys_by_hour', 'cells',
            ['period', 'period_start', 'area_level', 'area_id', 'day_type', 'hour_of_day']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id
            and cells.day_type = candidates.day_type
            and cells.hour_of_day = candidates.hour_of_day

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
        day_type,
        hour_of_day,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
