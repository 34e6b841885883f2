-- What came in of each day and file against the days before: the median of up to four weeks, give
-- or take five median absolute deviations. Files are compared by shares, and with the days: how
-- much comes in one file is nobody's rule.

with

study_periods as (

    select * from {{ ref('int_study_periods') }}

),

event_counts as (

    select * from {{ ref('int_event_counts') }}

),

event_rejections as (

    select * from {{ ref('int_event_rejections') }}

),

numbers as (

    select * from event_counts
    union all
    select * from event_rejections

),

measures as (

    select measure
    from numbers
    group by measure

),

-- A day of which nothing came has no row in any table of events.
days as (

    select
        cast(study_periods.period_start as date) as event_date,
        measures.measure,
        coalesce(
            numbers.measured_value,
            case when measures.measure like 'n_%' then 0 end
        ) as measured_value
    from study_periods
    cross join measures
    left join numbers
        on
            cast(study_periods.period_start as date) = numbers.event_date
            and measures.measure = numbers.measure
            and numbers.source_file is null
    where study_periods.period = 'day'

),

days_before as (

    select
        *,
        collect_list(measured_value) over (
            partition by measure
            order by datediff(event_date, date '1970-01-01')
            range between 28 preceding and 1 preceding
        ) as values_before
    from days

),

medians as (

    select
        *,
        {{ median_of('values_before') }} as usual_value
    from days_before

),

usual_days as (

    select
        *,
        {{ mad_of('values_before', 'usual_value') }} as usual_deviation
    from medians

),

days_and_files as (

    select
        cast(null as string) as source_file,
        measure,
        measured_value,
        usual_value,
        usual_deviation,
        size(values_before) as n_days_before,
        event_date
    from usual_days

    union all

    -- Of a hundred rows or more: a share of a few is nobody's share.
    select
        numbers.source_file,
        numbers.measure,
        numbers.measured_value,
        case when numbers.n_rows >= 100 then usual_days.usual_value end as usual_value,
        case when numbers.n_rows >= 100 then usual_days.usual_deviation end as usual_deviation,
        size(usual_days.values_before) as n_days_before,
        numbers.event_date
    from numbers
    left join usual_days
        on
            numbers.event_date = usual_days.event_date
            and numbers.measure = usual_days.measure
            and numbers.measure like 'share_%'
    where numbers.source_file is not null

),

final as (

    select
        * except (n_days_before),
        {{ is_unusual(
            'measured_value', 'n_days_before', 'usual_value', 'usual_deviation',
            "case when measure like 'n_%' then 0.2 * usual_value else 0.01 end"
        ) }} as is_unusual
    from days_and_files

)

select * from final
