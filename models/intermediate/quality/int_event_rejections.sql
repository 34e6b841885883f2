-- Which share of the rows of a day was rejected, for each reason and for any: by file, and of all
-- files together. A row without a day of the study counts on that of most events of its file. A
-- table: int_event_quality reads it three times.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

days as (

    select cast(period_start as date) as event_date
    from {{ ref('int_study_periods') }}
    where period = 'day'

),

rows_of_files as (

    select
        source_file,
        coalesce(reject_reason, 'accepted') as outcome,
        coalesce(event_date, cast(event_at as date)) as row_date,
        count(*) as n_rows
    from events
    group by
        source_file,
        coalesce(reject_reason, 'accepted'),
        coalesce(event_date, cast(event_at as date))

),

rows_of_days as (

    select /*+ broadcast(days) */
        rows_of_files.source_file,
        rows_of_files.n_rows,
        case
            when rows_of_files.outcome = 'accepted' and days.event_date is null
                then 'implausible_time'
            else rows_of_files.outcome
        end as outcome,
        coalesce(
            days.event_date,
            max_by(
                days.event_date,
                case
                    when rows_of_files.outcome = 'accepted' and days.event_date is not null
                        then struct(rows_of_files.n_rows, days.event_date)
                end
            ) over (partition by rows_of_files.source_file)
        ) as event_date
    from rows_of_files
    left join days
        on rows_of_files.row_date = days.event_date

),

outcomes as (

    select
        source_file,
        event_date,
        outcome,
        sum(n_rows) as n_rows
    from rows_of_days
    group by grouping sets ((event_date, outcome), (source_file, event_date, outcome))

),

totals as (

    select
        source_file,
        event_date,
        sum(n_rows) as n_rows,
        sum(case when outcome = 'accepted' then 0 else n_rows end) as n_rejected
    from outcomes
    group by
        source_file,
        event_date

),

reasons as (

    select outcome
    from outcomes
    where outcome <> 'accepted'
    group by outcome

),

shares as (

    select
        totals.source_file,
        totals.event_date,
        totals.n_rows,
        reasons.outcome,
        coalesce(outcomes.n_rows, 0) as n_rejected
    from totals
    cross join reasons
    left join outcomes
        on
            totals.source_file <=> outcomes.source_file
            and totals.event_date <=> outcomes.event_date
            and reasons.outcome = outcomes.outcome

),

final as (

    select
        source_file,
        n_rows,
        'share_rejected' as measure,
        n_rejected / n_rows as measured_value,
        event_date
    from totals

    union all

    select
        source_file,
        n_rows,
        concat('share_', outcome) as measure,
        n_rejected / n_rows as measured_value,
        event_date
    from shares

)

select * from final
