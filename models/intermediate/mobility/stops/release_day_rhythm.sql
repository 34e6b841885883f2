-- What may be published of candidate_day_rhythm, for every area, hour, activity and week.

with

candidates as (

    select
        *,
        {{ table_cell(
            'day_rhythm',
            ['period', 'period_start', 'area_level', 'area_id', 'hour_of_day', 'activity']
        ) }} as table_cell
    from {{ ref('candidate_day_rhythm') }}

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

hours as (

    select explode(sequence(0, 23)) as hour_of_day

),

cells as (

    select
        periods.period,
        periods.period_start,
        areas.area_level,
        areas.area_id,
        hours.hour_of_day,
        explode(array('staying', 'moving', 'unknown')) as activity
    from periods
    cross join areas
    cross join hours

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge(
            'day_rhythm', 'cells',
            ['period', 'period_start', 'area_level', 'area_id', 'hour_of_day', 'activity']
        ) }} as n_subscribers,
        candidates.n_residents,
        candidates.residents_key,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.area_id = candidates.area_id
            and cells.hour_of_day = candidates.hour_of_day
            and cells.activity = candidates.activity

),

cells_with_residents as (

    select
        *,
        {{ table_cell('count_residents', ['period', 'period_start', 'area_level', 'area_id']) }}
            as residents_cell
    from cells_counted

),

-- A share tells how many the residents are, so they must be public.
cells_judged as (

    select
        cells_with_residents.*,
        coalesce(
            {{ has_min_group_size('cells_with_residents.n_subscribers') }}
            and {{ has_min_group_size('cells_with_residents.n_residents') }}
            and withheld_cells.table_cell is null
            and withheld_residents.table_cell is null,
            false
        ) as is_published
    from cells_with_residents
    left join withheld_cells
        on cells_with_residents.table_cell = withheld_cells.table_cell
    left join withheld_cells as withheld_residents
        on cells_with_residents.residents_cell = withheld_residents.table_cell

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        hour_of_day,
        activity,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case
            when is_published
                -- Of two blurred numbers a part may be larger than the whole.
                then
                    least(
                        round(
                            {{ released_count('n_subscribers') }}
                            / {{ released_count('n_residents', 'residents_key') }},
                            4
                        ),
                        1
                    )
        end as share_of_residents,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
