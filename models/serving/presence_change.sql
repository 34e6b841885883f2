-- How many more or fewer people were in an area on a day than on the same weekday of the reference
-- period. Of published numbers only, so it says nothing that count_subscribers does not say.

with

count_subscribers as (

    select * from {{ ref('count_subscribers') }}

),

days as (

    select
        *,
        weekday(period_start) as day_of_week,
        {{ is_in_reference_period('cast(period_start as date)') }} as is_reference_day
    from count_subscribers
    where period = 'day'

),

medians as (

    select
        *,
        count_if(is_reference_day) over (same_weekday) as n_reference_days,
        median(case when is_reference_day then n_subscribers end) over (same_weekday)
            as reference_median,
        -- A median of the days that are left would be too high: days with few people are withheld.
        is_suppressed or bool_or(is_reference_day and is_suppressed) over (same_weekday)
            as is_any_withheld
    from days
    window same_weekday as (partition by area_level, area_id, day_of_week)

),

deviations as (

    select
        *,
        median(
            case when is_reference_day then abs(n_subscribers - reference_median) end
        ) over (partition by area_level, area_id, day_of_week) as reference_mad
    from medians

),

changes as (

    select
        *,
        is_any_withheld or reference_median is null as is_withheld
    from deviations

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        is_reference_day,
        n_reference_days,
        case when not is_withheld then n_subscribers end as n_subscribers,
        case when not is_withheld then reference_median end as reference_median,
        case when not is_withheld then reference_mad end as reference_mad,
        case
            when not is_withheld and reference_median > 0
                then round(100 * (n_subscribers - reference_median) / reference_median, 1)
        end as change_percent,
        case
            when not is_withheld and reference_mad > 0
                then round((n_subscribers - reference_median) / reference_mad, 2)
        end as abnormality,
        is_withheld as is_suppressed
    from changes

)

select * from final
