-- Question: did a festival, a market or a pilgrimage bring visitors, and how many?
--
-- How to read it: visitors (people who live elsewhere) of each area on each day of the event,
-- beside the mean of the same weekday a week before and a week after. The largest gain is first.
--
-- Traps:
-- * Who comes on both days of a weekend counts on both: do not add up days.
-- * Visitors from the same area are not visitors: choose a level whose areas are about as small as
--   the event. At finer levels more is withheld.
-- * If the weeks around are unusual too, so is what is called usual here. At an edge of the study
--   it is one day, not the mean of two.
-- * Null where a number is withheld. n_withheld counts those of the day and its usual days.

with

settings as (

    -- Change here. event_until is the first day after the event, which is shorter than
    -- a week.
    select
        'admin2' as area_level,
        cast('2020-02-15' as timestamp) as event_from,
        cast('2020-02-17' as timestamp) as event_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

visitors as (

    select
        period_start,
        area_level,
        area_id,
        n_subscribers,
        case when is_suppressed then 1 else 0 end as n_withheld
    from {{ ref('count_visitors') }}
    where period = 'day'

),

event_days as (

    select
        visitors.period_start,
        visitors.area_level,
        visitors.area_id,
        visitors.n_subscribers,
        visitors.n_withheld
    from visitors
    cross join settings
    where
        visitors.area_level = settings.area_level
        and visitors.period_start >= settings.event_from
        and visitors.period_start < settings.event_until

),

-- The same weekday a week before and a week after, as far as they are in the study.
around as (

    select
        period_start + interval '7' day as period_start,
        area_level,
        area_id,
        n_subscribers,
        n_withheld
    from visitors

    union all

    select
        period_start - interval '7' day as period_start,
        area_level,
        area_id,
        n_subscribers,
        n_withheld
    from visitors

),

usual_days as (

    select
        period_start,
        area_level,
        area_id,
        sum(n_withheld) as n_withheld,
        case when sum(n_withheld) = 0 then avg(n_subscribers) end as n_subscribers
    from around
    group by
        period_start,
        area_level,
        area_id

),

compared as (

    select
        event_days.period_start,
        event_days.area_level,
        event_days.area_id,
        event_days.n_subscribers as visitors,
        usual_days.n_subscribers as usual_visitors,
        event_days.n_withheld + usual_days.n_withheld as n_withheld
    from event_days
    inner join usual_days
        on
            event_days.period_start = usual_days.period_start
            and event_days.area_level = usual_days.area_level
            and event_days.area_id = usual_days.area_id

),

final as (

    select
        compared.period_start,
        compared.area_id,
        areas.area_name,
        compared.visitors,
        compared.usual_visitors,
        compared.visitors - compared.usual_visitors as more_than_usual,
        round(
            100 * (compared.visitors - compared.usual_visitors)
            / nullif(compared.usual_visitors, 0), 1
        ) as change_percent,
        compared.n_withheld
    from compared
    left join areas
        on
            compared.area_level = areas.area_level
            and compared.area_id = areas.area_id

)

select * from final
order by
    more_than_usual desc nulls last,
    period_start asc,
    area_id asc
