-- What the residents of an area do at an hour of the day: staying, moving or unknown, whichever it
-- was on most days of the week (ties: staying, then moving). Everybody with a home in the week does
-- exactly one of these in each hour.

with

known_hours as (

    select * from {{ ref('int_known_hours') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'week'

),

study_days as (

    select * from {{ ref('int_study_periods') }}
    where period = 'day'

),

weeks as (

    select
        date_trunc('week', period_start) as week_start,
        count(*) as n_days
    from study_days
    group by date_trunc('week', period_start)

),

activities_known as (

    select
        known_hours.subscriber_id,
        known_hours.hour_of_day,
        weeks.week_start,
        case
            when
                known_hours.n_days_staying >= known_hours.n_days_moving
                and 2 * known_hours.n_days_staying + known_hours.n_days_moving >= weeks.n_days
                then 'staying'
            when
                known_hours.n_days_moving > known_hours.n_days_staying
                and known_hours.n_days_staying + 2 * known_hours.n_days_moving >= weeks.n_days
                then 'moving'
        end as activity
    from known_hours
    inner join weeks
        on known_hours.week_start = weeks.week_start

),

residents_by_hour as (

    select
        *,
        {{ person_key('subscriber_id') }} as person_key,
        explode(sequence(0, 23)) as hour_of_day
    from home_areas

),

activities as (

    select
        'week' as period,
        residents_by_hour.period_start,
        residents_by_hour.area_level,
        residents_by_hour.home_area_id as area_id,
        residents_by_hour.hour_of_day,
        coalesce(activities_known.activity, 'unknown') as activity,
        count(*) as n_subscribers,
        sum(residents_by_hour.person_key) as people_key
    from residents_by_hour
    left join activities_known
        on
            residents_by_hour.subscriber_id = activities_known.subscriber_id
            and residents_by_hour.period_start = activities_known.week_start
            and residents_by_hour.hour_of_day = activities_known.hour_of_day
    group by
        residents_by_hour.period_start,
        residents_by_hour.area_level,
        residents_by_hour.home_area_id,
        residents_by_hour.hour_of_day,
        coalesce(activities_known.activity, 'unknown')

),

final as (

    select
        *,
        sum(n_subscribers) over residents as n_residents,
        sum(people_key) over residents as residents_key,
        n_subscribers / sum(n_subscribers) over residents as share_of_residents
    from activities
    window residents as (partition by period_start, area_level, area_id, hour_of_day)

)

select * from final
