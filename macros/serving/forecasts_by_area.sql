{# The forecast of each area, from all days that are published: area_level, area_id, first_day,
   last_day, n_days, n_days_withheld, forecast (null where there is none). Of published numbers only,
   so it says nothing that the mart does not say. An area of which a day is withheld has no forecast:
   the days that are left are those with many people.

   mart  people by day and area #}
{% macro forecasts_by_area(mart) -%}
with

published as (

    select * from {{ mart }}
    where period = 'day'

),

-- Two outages on one day are one.
days_of_outages as (

    select distinct
        area_level,
        area_id,
        period_start
    from {{ ref('area_outages') }}

),

-- Days of a missing delivery and of an outage say nothing of people.
days as (

    select
        published.area_level,
        published.area_id,
        cast(published.period_start as date) as day,
        published.is_complete,
        published.is_suppressed,
        published.is_complete and days_of_outages.area_id is null as is_known,
        cast(published.n_subscribers as double) as n_subscribers
    from published
    left join days_of_outages
        on
            published.area_level = days_of_outages.area_level
            and published.area_id = days_of_outages.area_id
            and published.period_start = days_of_outages.period_start

),

days_until_now as (

    select * from days
    where day <= (select max(day) from days where is_complete)

),

series as (

    select
        area_level,
        area_id,
        min(day) as first_day,
        max(day) as last_day,
        count(*) as n_days,
        count_if(is_known and is_suppressed) as n_days_withheld,
        array_sort(collect_list(struct(
            day,
            case when is_known then n_subscribers end as n_subscribers
        ))) as days
    from days_until_now
    group by
        area_level,
        area_id

)

select
    area_level,
    area_id,
    first_day,
    last_day,
    n_days,
    n_days_withheld,
    case
        when n_days_withheld = 0 then {{ forecast_of('transform(days, x -> x.n_subscribers)') }}
    end as forecast
from series
{%- endmacro %}
