-- Days on which for hours too few people were seen in an area to publish a number, where in these
-- hours there usually are enough: the network was down there, or nearly everybody had left. Of
-- published numbers only, so it says nothing that count_subscribers does not say.

with

count_subscribers as (

    select * from {{ ref('count_subscribers') }}

),

hours as (

    select
        area_level,
        area_id,
        period_start,
        hour(period_start) as hour_of_day,
        datediff(period_start, date '1970-01-01') as day_number,
        cast(not is_suppressed as int) as is_published
    from count_subscribers
    where period = 'hour'

),

-- Other days: the week before and after, and the same weekday of four weeks before and after.
others_counted as (

    select
        *,
        sum(is_published) over (around) - is_published as n_published_around,
        count(*) over (around) - 1 as n_around,
        sum(is_published) over (weekdays) - is_published as n_published_weekdays,
        count(*) over (weekdays) - 1 as n_weekdays
    from hours
    window
        around as (
            partition by area_level, area_id, hour_of_day
            order by day_number
            range between 7 preceding and 7 following
        ),
        weekdays as (
            partition by area_level, area_id, hour_of_day, day_number % 7
            order by day_number
            range between 28 preceding and 28 following
        )

),

-- Usual is what is published on seven of eight days, so one other day may be down. An area in which
-- nobody works on Sundays is not down on Sundays.
hours_judged as (

    select
        *,
        n_around >= 4
        and (n_around - n_published_around) * 8 <= n_around
        and n_published_weekdays * 2 >= n_weekdays as is_usual
    from others_counted

),

-- An hour that lacks most areas which usually have people is a missing delivery.
hours_of_network as (

    select
        *,
        sum(is_published) over (until_now) as silence_number,
        count_if(is_usual) over (all_areas) as n_usual_areas,
        count_if(is_usual and is_published = 1) over (all_areas) as n_published_areas
    from hours_judged
    window
        until_now as (partition by area_level, area_id order by period_start),
        all_areas as (partition by area_level, period_start)

),

quiet_hours as (

    select
        *,
        count(*) over (partition by area_level, area_id, silence_number) as n_hours_of_silence
    from hours_of_network
    where
        is_usual
        and is_published = 0
        and n_published_areas * 2 >= n_usual_areas

),

days as (

    select
        area_level,
        area_id,
        day_number,
        count_if(is_usual) as n_usual_hours
    from hours_judged
    group by
        area_level,
        area_id,
        day_number

),

final as (

    select
        'day' as period,
        quiet_hours.area_level,
        quiet_hours.area_id,
        days.n_usual_hours,
        date_trunc('day', min(quiet_hours.period_start)) as period_start,
        count(*) as n_quiet_hours,
        min(quiet_hours.period_start) as quiet_from,
        timestampadd(hour, 1, max(quiet_hours.period_start)) as quiet_until
    from quiet_hours
    inner join days
        on
            quiet_hours.area_level = days.area_level
            and quiet_hours.area_id = days.area_id
            and quiet_hours.day_number = days.day_number
    where quiet_hours.n_hours_of_silence >= 3
    group by
        quiet_hours.area_level,
        quiet_hours.area_id,
        quiet_hours.day_number,
        days.n_usual_hours

)

select * from final
