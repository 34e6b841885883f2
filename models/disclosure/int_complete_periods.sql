-- Which periods of the study are complete: it has all of their days, and on each of them so many
-- people were seen that total_subscribers may be published. By that and not by whether there was
-- any event, so that it says nothing of a day which that mart does not say. With dp_laplace nothing
-- exact may decide: there only the days of the study count.

with

study_window as (

    select * from {{ ref('int_study_window') }}

),

study_periods as (

    select * from {{ ref('int_study_periods') }}

),

candidates as (

    select * from {{ ref('candidate_total_subscribers') }}

),

withheld_cells as (

    {{ withheld_cells_of('total_subscribers') }}

),

cells as (

    select
        period,
        period_start,
        {{ table_cell('total_subscribers', ['period', 'period_start']) }} as table_cell
    from study_periods
    where period = 'day'

),

days_counted as (

    select
        cells.period_start,
        cells.table_cell,
        candidates.n_subscribers
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start

),

days_published as (

    select
        days_counted.period_start as day_start,
        explode(array('day', 'week', 'month', 'study')) as period
    from days_counted
    left join withheld_cells
        on days_counted.table_cell = withheld_cells.table_cell
    where
        not {{ has_complementary_suppression() }}
        or (
            {{ has_min_group_size('days_counted.n_subscribers') }}
            and withheld_cells.table_cell is null
        )

),

days_of_periods as (

    select
        days_published.period,
        case days_published.period
            when 'study' then cast(study_window.study_start_date as timestamp)
            else date_trunc(days_published.period, days_published.day_start)
        end as period_start,
        count(*) as n_days
    from days_published
    cross join study_window
    group by
        days_published.period,
        case days_published.period
            when 'study' then cast(study_window.study_start_date as timestamp)
            else date_trunc(days_published.period, days_published.day_start)
        end

),

-- An hour is as complete as its day.
periods as (

    select
        study_periods.period,
        study_periods.period_start,
        case
            when study_periods.period = 'hour' then 'day' else study_periods.period
        end as judged_by,
        case study_periods.period
            when 'hour' then date_trunc('day', study_periods.period_start)
            else study_periods.period_start
        end as judged_by_start,
        case study_periods.period
            when 'week' then 7
            when 'month' then dayofmonth(last_day(study_periods.period_start))
            when 'study'
                then datediff(study_window.study_end_date, study_window.study_start_date) + 1
            else 1
        end as n_days
    from study_periods
    cross join study_window

),

final as (

    select
        periods.period,
        periods.period_start,
        coalesce(days_of_periods.n_days = periods.n_days, false) as is_complete
    from periods
    left join days_of_periods
        on
            periods.judged_by = days_of_periods.period
            and periods.judged_by_start = days_of_periods.period_start

)

select * from final
