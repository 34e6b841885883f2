{{ config(meta={'retention': 'none'}) }}

-- Every hour, day, week and month of the study, the study itself, and the reference period of home
-- areas.

with

study_window as (

    select * from {{ ref('int_study_window') }}

),

days as (

    select
        study_start_date,
        explode(sequence(study_start_date, study_end_date)) as event_date
    from study_window
    where study_start_date <= study_end_date

),

hours as (

    select
        cast(event_date as timestamp) as day_start,
        explode(sequence(0, 23)) as hour_of_day
    from days

),

days_by_period as (

    select
        study_start_date,
        event_date,
        explode(array('day', 'week', 'month', 'study')) as period
    from days

),

periods as (

    select
        period,
        case period
            when 'study' then cast(study_start_date as timestamp)
            else date_trunc(period, event_date)
        end as period_start
    from days_by_period

),

final as (

    select
        'hour' as period,
        timestampadd(hour, hour_of_day, day_start) as period_start
    from hours

    union all

    select
        period,
        period_start
    from periods
    group by
        period,
        period_start

    union all

    select
        'reference' as period,
        cast(home_start_date as timestamp) as period_start
    from study_window

)

select * from final
