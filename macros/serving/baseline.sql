{# Published numbers against what is usual: one row per row of a mart, of one period. Usual is what
   was published for the same weekday and hour of the baseline. Of published numbers only, so it says
   nothing that the mart does not say.

   mart    whose numbers these are
   period  hour, day or week
   keys    its key columns beside period, period_start and area_level
   areas   those of them that hold areas
   number  the column that is compared; where it is null, it is withheld
   decimals  of mean and standard deviation

   Withheld is what is made of a withheld number: a median of the days that are left would be too
   high, since days with few people are withheld. Days of a missing delivery and outages are neither
   compared nor part of what is usual. #}
{% macro change_from_baseline(mart, period, keys, areas, number, decimals=2) -%}
{%- set keys = ['area_level'] + keys -%}

with

published as (

    select * from {{ mart }}
    where period = '{{ period }}'

),

area_outages as (

    select * from {{ ref('area_outages') }}

),

-- Two outages in one period are one.
outages as (

    select distinct
        area_level,
        area_id,
        explode(sequence(
            date_trunc('{{ period }}', quiet_from),
            date_trunc('{{ period }}', timestampadd(second, -1, quiet_until)),
            interval 1 {{ period }}
        )) as period_start
    from area_outages

),

periods as (

    select
        published.*,
        weekday(published.period_start) as day_of_week,
        hour(published.period_start) as hour_of_day,
        coalesce(
            {%- for area in areas %}
            outages_of_{{ area }}.area_id{{ ',' if not loop.last }}
            {%- endfor %}
        ) is not null as is_outage
    from published
    {%- for area in areas %}
    left join outages as outages_of_{{ area }}
        on
            published.area_level = outages_of_{{ area }}.area_level
            and published.{{ area }} = outages_of_{{ area }}.area_id
            and published.period_start = outages_of_{{ area }}.period_start
    {%- endfor %}

),

periods_of_baseline as (

    select
        *,
        is_complete and not is_outage
        and {{ is_in_baseline('period_start', period) }} as is_baseline
    from periods

),

usual as (

    select
        *,
        count_if(is_baseline and {{ number }} is not null) over same_time as n_baseline,
        count_if(is_baseline and {{ number }} is null) over same_time as n_baseline_withheld,
        median(case when is_baseline then {{ number }} end) over (same_time) as usual_median,
        avg(case when is_baseline then {{ number }} end) over same_time as usual_mean,
        stddev_samp(case when is_baseline then {{ number }} end) over same_time
            as usual_deviation
    from periods_of_baseline
    window same_time as (partition by {{ keys | join(', ') }}, day_of_week, hour_of_day)

),

deviations as (

    select
        *,
        median(case when is_baseline then abs({{ number }} - usual_median) end) over (
            partition by {{ keys | join(', ') }}, day_of_week, hour_of_day
        ) as usual_mad
    from usual

),

judged as (

    select
        *,
        {{ number }} is null
        or is_outage
        or not is_complete
        or n_baseline_withheld > 0
        or n_baseline < {{ min_baseline_periods() }} as is_withheld
    from deviations

),

final as (

    select
        period,
        period_start,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        is_baseline,
        n_baseline,
        case when not is_withheld then {{ number }} end as {{ number }},
        case when not is_withheld then usual_median end as baseline_median,
        case when not is_withheld then usual_mad end as baseline_mad,
        case when not is_withheld then round(usual_mean, {{ decimals }}) end as baseline_mean,
        case when not is_withheld then round(usual_deviation, {{ decimals }}) end
            as baseline_standard_deviation,
        case
            when not is_withheld and usual_median > 0
                then round(100 * ({{ number }} - usual_median) / usual_median, 1)
        end as change_percent,
        case
            when not is_withheld and usual_mad > 0
                then round(({{ number }} - usual_median) / usual_mad, 2)
        end as abnormality,
        case
            when not is_withheld and usual_deviation > 0
                then round(({{ number }} - usual_mean) / usual_deviation, 2)
        end as z_score,
        is_outage,
        is_withheld as is_suppressed,
        is_complete
    from judged

)

select * from final
{%- endmacro %}


{# Fewer published periods of the baseline than this say too little of what is usual: four weeks of
   the same weekday. #}
{% macro min_baseline_periods() -%}
    4
{%- endmacro %}


{# Whether a period lies in the baseline, from baseline_start to baseline_end; where these are not
   set, in the reference period of home areas; else in the study. A week has to lie in it as a
   whole. #}
{% macro is_in_baseline(period_start, period) -%}
    cast({{ period_start }} as date) >= coalesce(
        {{ date_var('baseline_start') }},
        {{ date_var('home_start') }},
        {{ date_var('study_start') }},
        date '0001-01-01'
    )
    and date_add(cast({{ period_start }} as date), {{ 6 if period == 'week' else 0 }}) <= coalesce(
        {{ date_var('baseline_end') }},
        {{ date_var('home_end') }},
        {{ date_var('study_end') }},
        date '9999-12-25'
    )
{%- endmacro %}
