-- What may be published of candidate_trip_distances,
-- for every home area, band of distance and week of the study.

with

candidates as (

    select
        *,
        {{ table_cell(
            'trip_distances',
            ['period', 'period_start', 'area_level', 'home_area_id', 'distance_from_km']
        ) }} as table_cell
    from {{ ref('candidate_trip_distances') }}

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

distance_bands as (

    select * from {{ ref('distance_bands') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id as home_area_id,
        distance_bands.distance_from_km
    from periods
    cross join areas
    cross join distance_bands

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'trip_distances', 'cells',
            ['period', 'period_start', 'area_level', 'home_area_id', 'distance_from_km']
        ) }} as n_subscribers,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.home_area_id = candidates.home_area_id
            and cells.distance_from_km = candidates.distance_from_km

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
        distance_from_km,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
