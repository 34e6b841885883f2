-- How many people will be in an area on each of the two weeks after the last published day, if they
-- go on as they did. Of published numbers and the sizes of areas only.

with

forecasts as (

    {{ forecasts_by_area(ref('count_subscribers')) | indent }}

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

days as (

    select
        forecasts.area_level,
        forecasts.area_id,
        forecasts.last_day,
        forecasts.forecast.method,
        explode(forecasts.forecast.days) as ahead
    from forecasts
    where forecasts.forecast is not null

),

final as (

    select
        'day' as period,
        cast(date_add(days.last_day, days.ahead.days_ahead) as timestamp) as period_start,
        days.area_level,
        days.area_id,
        days.ahead.days_ahead,
        days.method,
        cast(round(days.ahead.value) as bigint) as n_subscribers,
        cast(floor(days.ahead.lower) as bigint) as lower_subscribers,
        cast(ceil(days.ahead.upper) as bigint) as upper_subscribers,
        round(days.ahead.value / areas.area_km2, 2) as subscribers_per_km2
    from days
    left join areas
        on
            days.area_level = areas.area_level
            and days.area_id = areas.area_id

)

select * from final
