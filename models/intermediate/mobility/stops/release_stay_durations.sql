-- What may be published of candidate_stay_durations, for every area and week of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'stay_durations',
            ['period', 'period_start', 'area_level', 'area_id']
        ) }} as table_cell
    from {{ ref('candidate_stay_durations') }}

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
            'stay_durations', 'cells',
            ['period', 'period_start', 'area_level', 'area_id']
        ) }} as n_subscribers,
        candidates.n_subscribers_at_most,
        candidates.mean_at_least_minutes,
        candidates.median_at_least_minutes,
        candidates.mean_at_most_minutes,
        candidates.median_at_most_minutes,
        candidates.total_at_most_minutes,
        candidates.largest_at_most_minutes,
        candidates.second_largest_at_most_minutes,
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
        ) as is_published,
        {{ has_min_group_size('cells_counted.n_subscribers_at_most') }}
        and {{ is_not_dominated(
            'cells_counted.total_at_most_minutes',
            'cells_counted.largest_at_most_minutes',
            'cells_counted.second_largest_at_most_minutes'
        ) }} as is_at_most_published
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
        case when is_published then round(mean_at_least_minutes, 1) end as mean_at_least_minutes,
        case
            when is_published and {{ has_order_statistics_size('n_subscribers') }}
                then round(median_at_least_minutes, 1)
        end as median_at_least_minutes,
        case
            when is_published and is_at_most_published then round(mean_at_most_minutes, 1)
        end as mean_at_most_minutes,
        case
            when
                is_published
                and is_at_most_published
                and {{ has_order_statistics_size('n_subscribers_at_most') }}
                then round(median_at_most_minutes, 1)
        end as median_at_most_minutes,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
