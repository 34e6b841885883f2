-- How far forecasts of an area were from what came, when each past day is forecast from the days
-- before it; and why an area has no forecast. Of published numbers only.

with

forecasts as (

    {{ forecasts_by_area(ref('count_subscribers')) | indent }}

),

final as (

    select
        forecasts.area_level,
        forecasts.area_id,
        forecasts.first_day,
        forecasts.last_day,
        forecasts.n_days,
        forecasts.n_days_withheld,
        forecasts.forecast.method,
        forecasts.forecast.n_errors,
        round(forecasts.forecast.mean_absolute_error, 1) as mean_absolute_error,
        round(forecasts.forecast.mean_absolute_error_naive, 1) as mean_absolute_error_naive,
        forecasts.forecast is null as is_suppressed
    from forecasts

)

select * from final
