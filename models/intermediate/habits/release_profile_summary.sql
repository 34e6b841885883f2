-- What may be published of candidate_profile_summary, for every area, indicator and split. The head
-- count is that of the residents, for those of splits lie one in the other and differ by a few; how
-- many have a value is told roughly. The statistics may be withheld alone (int_profile_means).

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

candidates as (

    select
        *,
        {{ table_cell('profile_summary', area_cell) }} as table_cell
    from {{ ref('candidate_profile_summary') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

means as (

    select * from {{ ref('int_profile_means') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'study'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id,
        indicator_splits.*
    from periods
    cross join areas
    cross join indicator_splits

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge('profile_summary', 'cells', area_cell) }} as n_subscribers,
        candidates.n_with_value,
        candidates.mean_value,
        candidates.standard_deviation,
        candidates.first_quartile_value,
        candidates.median_value,
        candidates.third_quartile_value,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id
            and cells.indicator = candidates.indicator
            and cells.interaction = candidates.interaction
            and cells.part_of_week = candidates.part_of_week
            and cells.part_of_day = candidates.part_of_day

),

cells_judged as (

    select
        cells_counted.*,
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null,
            false
        ) as is_published,
        is_published
        and coalesce(means.is_told and cells_counted.n_with_value > 0, false) as has_mean,
        has_mean and {{ has_order_statistics_size('cells_counted.n_with_value') }} as is_large
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell
    left join means
        on
            cells_counted.area_level = means.area_level
            and cells_counted.area_id = means.area_id
            and cells_counted.family = means.family
            and cells_counted.split_by = means.split_by

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        indicator,
        interaction,
        part_of_week,
        part_of_day,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when has_mean then {{ rounded_to_group_size('n_with_value') }} end as n_with_value,
        case when has_mean then {{ released_value('mean_value') }} end as mean_value,
        case when has_mean then {{ released_value('standard_deviation') }} end
            as standard_deviation,
        case when is_large then {{ released_value('first_quartile_value') }} end
            as first_quartile_value,
        case when is_large then {{ released_value('median_value') }} end as median_value,
        case when is_large then {{ released_value('third_quartile_value') }} end
            as third_quartile_value,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
