-- Distinct subscribers with a located event anywhere, by day, week and month.

with

-- One row per subscriber and day with a located event.
subscriber_days as (

    select * from {{ ref('int_day_end_areas') }}

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        count(*) as n_subscribers
    from subscriber_days
    group by event_date

    union all

    select
        'week' as period,
        date_trunc('week', event_date) as period_start,
        count(distinct subscriber_id) as n_subscribers
    from subscriber_days
    group by date_trunc('week', event_date)

    union all

    select
        'month' as period,
        date_trunc('month', event_date) as period_start,
        count(distinct subscriber_id) as n_subscribers
    from subscriber_days
    group by date_trunc('month', event_date)

)

select * from final
