-- Which periods of the study are complete: it has all of their days, and on each of them so many
-- people were seen that total_subscribers may be published. By that and not by whether there was
-- any event, so that it says nothing of a day which that mart does not say. With dp_laplace nothing
-- exact may decide: there only the days of the study count.

with

study_window as (

    select
        *,
        datediff(study_end_date, study_start_date) + 1 as n_study_days,
        datediff(home_end_date, home_start_date) + 1 as n_reference_days
    from {{ ref('int_study_window') }}

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

days_counted as (

    select
        study_periods.period_start,
        candidates.n_subscribers,
        {{ table_cell(
            'total_subscribers', ['study_periods.period', 'study_periods.period_start']
        ) }} as table_cell
    from study_periods
    left join candidates
        on
            study_periods.period = candidates.period
            and study_periods.period_start = candidates.period_start
    where study_periods.period = 'day'

),

days_published as (

    select
        days_counted.period_start as day_start,
        explode(array('day', 'week', 'month', 'study', 'reference')) as period
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

days_by_period as (

    select
        days_published.period,
        case days_published.period
            when 'study' then cast(study_window.study_start_date as timestamp)
            when 'reference' then cast(study_window.home_start_date as timestamp)
            else date_trunc(days_published.period, days_published.day_start)
        end as period_start
    from days_published
    cross join study_window
    where
        days_published.period <> 'reference'
        or cast(days_published.day_start as date)
        between study_window.home_start_date and study_window.home_end_date

),

days_of_periods as (

    select
        period,
        period_start,
        count(*) as n_days
    from days_by_period
    group by
        period,
        period_start

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
            when 'study' then study_window.n_study_days
            when 'reference' then study_window.n_reference_days
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
