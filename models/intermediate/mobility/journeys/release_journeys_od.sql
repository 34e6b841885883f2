-- What may be published of candidate_journeys_od,
-- for every pair of areas of a level, day and week of the study. Where bounds overlap a journey
-- took 0 minutes at least, so one person can make up that mean alone; then it is null by itself.

with

candidates as (

    select
        *,
        {{ table_cell(
            'journeys_od',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as table_cell
    from {{ ref('candidate_journeys_od') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period in ('day', 'week')

),

areas as (

    select * from {{ ref('int_area_list') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        origins.area_level,
        origins.area_id as from_area_id,
        destinations.area_id as to_area_id
    from periods
    cross join areas as origins
    inner join areas as destinations
        on origins.area_level = destinations.area_level

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'journeys_od', 'cells',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as n_subscribers,
        candidates.n_journeys,
        candidates.mean_distance_km,
        candidates.mean_at_least_minutes,
        candidates.mean_at_most_minutes,
        candidates.total_at_least_minutes,
        candidates.largest_at_least_minutes,
        candidates.second_largest_at_least_minutes,
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
        ) as is_published,
        {{ is_not_dominated(
            'cells_counted.total_at_least_minutes',
            'cells_counted.largest_at_least_minutes',
            'cells_counted.second_largest_at_least_minutes'
        ) }} as is_at_least_published
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
        case when is_published then {{ released_count('n_journeys') }} end as n_journeys,
        case when is_published then round(mean_distance_km, 1) end as mean_distance_km,
        case
            when is_published and is_at_least_published then round(mean_at_least_minutes, 1)
        end as mean_at_least_minutes,
        case when is_published then round(mean_at_most_minutes, 1) end as mean_at_most_minutes,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
