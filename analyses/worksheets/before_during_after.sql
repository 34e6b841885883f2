-- Question: how many people were in each area before, during and after an event?
--
-- How to read it: people seen in the area on an average day of each period, and how much more
-- (+) or less (-) that is than before, in percent.
--
-- Traps:
-- * Means of days, not sums: who is seen on two days would count twice in a sum.
-- * Let each period have whole weeks, else a weekend looks like the event.
-- * If one day is withheld, the mean of its period is null. A mean of the other days would be too
--   high, for days with few people are withheld. n_..._withheld says how many days those are.
-- * People are seen by their phones: who calls more looks like more people. Compare areas.

with

settings as (

    -- Change here: the first day of each period, and the first day after them.
    select
        'admin2' as area_level,
        cast('2020-02-03' as timestamp) as before_from,
        cast('2020-03-02' as timestamp) as event_from,
        cast('2020-03-09' as timestamp) as event_until,
        cast('2020-03-16' as timestamp) as after_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

presence as (

    select * from {{ ref('count_subscribers') }}
    where period = 'day'

),

presence_by_phase as (

    select
        presence.area_level,
        presence.area_id,
        presence.n_subscribers,
        case when presence.is_suppressed then 1 else 0 end as n_withheld,
        case
            when presence.period_start < settings.event_from then 'before'
            when presence.period_start < settings.event_until then 'during'
            else 'after'
        end as phase
    from presence
    cross join settings
    where
        presence.area_level = settings.area_level
        and presence.period_start >= settings.before_from
        and presence.period_start < settings.after_until

),

means as (

    select
        area_level,
        area_id,
        phase,
        sum(n_withheld) as n_days_withheld,
        case when sum(n_withheld) = 0 then avg(n_subscribers) end as people_a_day
    from presence_by_phase
    group by
        area_level,
        area_id,
        phase

),

side_by_side as (

    select
        area_level,
        area_id,
        max(case when phase = 'before' then people_a_day end) as before_a_day,
        max(case when phase = 'during' then people_a_day end) as during_a_day,
        max(case when phase = 'after' then people_a_day end) as after_a_day,
        max(case when phase = 'before' then n_days_withheld end) as n_before_withheld,
        max(case when phase = 'during' then n_days_withheld end) as n_during_withheld,
        max(case when phase = 'after' then n_days_withheld end) as n_after_withheld
    from means
    group by
        area_level,
        area_id

),

final as (

    select
        side_by_side.area_id,
        areas.area_name,
        round(side_by_side.before_a_day, 1) as before_a_day,
        round(side_by_side.during_a_day, 1) as during_a_day,
        round(side_by_side.after_a_day, 1) as after_a_day,
        round(
            100 * (side_by_side.during_a_day - side_by_side.before_a_day)
            / nullif(side_by_side.before_a_day, 0), 1
        ) as during_change_percent,
        round(
            100 * (side_by_side.after_a_day - side_by_side.before_a_day)
            / nullif(side_by_side.before_a_day, 0), 1
        ) as after_change_percent,
        side_by_side.n_before_withheld,
        side_by_side.n_during_withheld,
        side_by_side.n_after_withheld
    from side_by_side
    left join areas
        on
            side_by_side.area_level = areas.area_level
            and side_by_side.area_id = areas.area_id

)

select * from final
order by area_id
