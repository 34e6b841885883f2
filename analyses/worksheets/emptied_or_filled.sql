-- Question: which areas emptied or filled most during an event?
--
-- How to read it: the areas with the largest loss first, those with the largest gain last, those
-- that cannot be compared at the very end. A usual day is the median of the same weekday in the
-- baseline (baseline_start to baseline_end of the study). largest_abnormality is that of the day
-- that differs most, in median absolute deviations of usual days.
--
-- Traps:
-- * If one day is withheld, or one of its usual days, the area has null. n_days_withheld counts
--   them. A shorter event or a coarser area level then helps.
-- * In a few weeks of a baseline usual days hardly differ from each other, so abnormality is large.
--   Rank by it, but do not take it for a test of chance.
-- * Large percentages are often of small areas: look at usual_a_day beside them.
-- * Who stays in an area all day is seen there once, as is who passes through.

with

settings as (

    -- Change here. event_until is the first day after the event.
    select
        'admin2' as area_level,
        cast('2020-03-02' as timestamp) as event_from,
        cast('2020-03-09' as timestamp) as event_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

count_subscribers_change as (

    select * from {{ ref('count_subscribers_change') }}
    where period = 'day'

),

event_presence as (

    select
        count_subscribers_change.area_level,
        count_subscribers_change.area_id,
        count_subscribers_change.n_subscribers,
        count_subscribers_change.baseline_median,
        count_subscribers_change.abnormality,
        case when count_subscribers_change.is_suppressed then 1 else 0 end as n_withheld
    from count_subscribers_change
    cross join settings
    where
        count_subscribers_change.area_level = settings.area_level
        and count_subscribers_change.period_start >= settings.event_from
        and count_subscribers_change.period_start < settings.event_until

),

compared as (

    select
        area_level,
        area_id,
        count(*) as n_days,
        sum(n_withheld) as n_days_withheld,
        case when sum(n_withheld) = 0 then avg(n_subscribers) end as people_a_day,
        case when sum(n_withheld) = 0 then avg(baseline_median) end as usual_a_day,
        case
            when sum(n_withheld) > 0 then null
            when abs(min(abnormality)) >= abs(max(abnormality)) then min(abnormality)
            else max(abnormality)
        end as largest_abnormality
    from event_presence
    group by
        area_level,
        area_id

),

final as (

    select
        compared.area_id,
        areas.area_name,
        round(compared.usual_a_day, 1) as usual_a_day,
        round(compared.people_a_day, 1) as people_a_day,
        round(
            100 * (compared.people_a_day - compared.usual_a_day)
            / nullif(compared.usual_a_day, 0), 1
        ) as change_percent,
        compared.largest_abnormality,
        compared.n_days,
        compared.n_days_withheld
    from compared
    left join areas
        on
            compared.area_level = areas.area_level
            and compared.area_id = areas.area_id

)

select * from final
order by
    change_percent asc nulls last,
    area_id asc
