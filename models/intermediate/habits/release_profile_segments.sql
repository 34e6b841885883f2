-- What may be published of candidate_profile_segments, for every area and segment. The means may be
-- withheld alone (int_segment_means).

with

candidates as (

    select
        *,
        {{ table_cell(
            'profile_segments',
            ['period', 'period_start', 'area_level', 'area_id', 'segment']
        ) }} as table_cell
    from {{ ref('candidate_profile_segments') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

means as (

    select * from {{ ref('int_segment_means') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'study'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

segments as (

    select
        segment,
        explode(
            array(
                'number_of_interactions',
                'number_of_contacts',
                'active_days',
                'percent_nocturnal',
                'entropy_of_contacts',
                'number_of_antennas',
                'percent_at_home',
                'radius_of_gyration'
            )
        ) as (indicator)
    from {{ ref('int_segments') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id,
        segments.segment,
        segments.indicator
    from periods
    cross join areas
    cross join segments

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'profile_segments', 'cells',
            ['period', 'period_start', 'area_level', 'area_id', 'segment', 'indicator']
        ) }} as n_subscribers,
        candidates.mean_value,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id
            and cells.segment = candidates.segment
            and cells.indicator = candidates.indicator

),

cells_judged as (

    select
        cells_counted.*,
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null,
            false
        ) as is_published,
        coalesce(means.is_told, false) as is_told
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell
    left join means
        on
            cells_counted.area_level = means.area_level
            and cells_counted.area_id = means.area_id
            and cells_counted.segment = means.segment

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        segment,
        indicator,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when is_published and is_told then {{ released_value('mean_value') }} end
            as mean_value,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
