-- Distinct subscribers with a located event anywhere, by day, week and month.

with

-- One row per subscriber and day with a located event.
subscriber_days as (

    select * from {{ ref('int_day_end_areas') }}

),

subscribers_by_period as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        subscriber_id
    from subscriber_days

    union all

    select
        'week' as period,
        date_trunc('week', event_date) as period_start,
        subscriber_id
    from subscriber_days
    group by
        date_trunc('week', event_date),
        subscriber_id

    union all

    select
        'month' as period,
        date_trunc('month', event_date) as period_start,
        subscriber_id
    from subscriber_days
    group by
        date_trunc('month', event_date),
        subscriber_id

),

final as (

    select
        period,
        period_start,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key
    from subscribers_by_period
    group by
        period,
        period_start

)

select * from final
