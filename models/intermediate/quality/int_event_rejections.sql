{{ config(materialized='view') }}

-- Which share of the rows of a day was rejected, for each reason and for any (share_rejected): by
-- file, and of all files together (source_file is null). Rows without a day of the study, such as
-- those without a time, are on a day of their own: null.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

study_window as (

    select * from {{ ref('int_study_window') }}

),

rows_dated as (

    select
        events.source_file,
        coalesce(events.reject_reason, 'accepted') as outcome,
        coalesce(
            events.event_date,
            case
                when
                    cast(events.event_at as date)
                    between study_window.study_start_date and study_window.study_end_date
                    then cast(events.event_at as date)
            end
        ) as event_date
    from events
    cross join study_window

),

outcomes as (

    select
        source_file,
        event_date,
        outcome,
        count(*) as n_rows
    from rows_dated
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
