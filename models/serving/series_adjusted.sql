-- Series of days of an area, people in it and each series of context, without what every week and a
-- trend explain: what is left says which days were unlike others of their kind. Of published
-- numbers only; docs/definitions.md (Correlation).

with

count_subscribers as (

    select * from {{ ref('count_subscribers') }}
    where
        period = 'day'
        and is_complete

),

context_series as (

    select * from {{ ref('context_series') }}
    where period = 'day'

),

area_outages as (

    select * from {{ ref('area_outages') }}

),

study as (

    select
        min(period_start) as first_day,
        max(period_start) as last_day
    from count_subscribers

),

-- An area of which a day is withheld is not compared: the days left are those with many people. A
-- day of an outage says nothing of people.
people as (

    select
        counted.area_level,
        counted.area_id,
        'count_subscribers' as series_name,
        counted.period_start,
        case when area_outages.area_id is null then counted.n_subscribers end as series_value,
        max(counted.is_suppressed) over (partition by counted.area_level, counted.area_id)
            as has_withheld_days
    from count_subscribers as counted
    left join area_outages
        on
            counted.area_level = area_outages.area_level
            and counted.area_id = area_outages.area_id
            and counted.period_start = area_outages.period_start

),

all_series as (

    select
        area_level,
        area_id,
        series_name,
        period_start,
        series_value
    from people
    where not has_withheld_days

    union all

    select
        context.area_level,
        context.area_id,
        context.series_name,
        context.period_start,
        context.series_value
    from context_series as context
    cross join study
    where context.period_start between study.first_day and study.last_day

),

-- A straight line through all days, then the mean of each weekday.
without_trend as (

    select
        *,
        series_value
        - regr_intercept(series_value, datediff(period_start, date '1970-01-01')) over all_days
        - regr_slope(series_value, datediff(period_start, date '1970-01-01')) over all_days
        * datediff(period_start, date '1970-01-01') as rest
    from all_series
    window all_days as (partition by area_level, area_id, series_name)

),

final as (

    select
        area_level,
        area_id,
        series_name,
        'day' as period,
        period_start,
        series_value,
        rest - avg(rest) over (
            partition by area_level, area_id, series_name, weekday(period_start)
        ) as value_adjusted
    from without_trend

)

select * from final
