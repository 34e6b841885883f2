-- Question: how many of those seen in their home area were seen nowhere else, before and during an
-- event?
--
-- How to read it: of the people who live in the area (in the reference period) and were seen in it,
-- the share seen only there, on an average day. It rises when people travel less.
--
-- Traps:
-- * Only there means: in no other area of this level. Within a large area people may travel far.
-- * Who uses the phone once a day is seen in one place. If phone use changes, so does the share.
-- * Who was at home and did not use the phone is not counted at all.
-- * If one day is withheld, the share of its period is null. n_..._withheld counts such days.

with

settings as (

    -- Change here. event_until is the first day after the event.
    select
        'admin1' as area_level,
        cast('2020-02-03' as timestamp) as before_from,
        cast('2020-03-02' as timestamp) as event_from,
        cast('2020-03-09' as timestamp) as event_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

only_at_home as (

    select * from {{ ref('count_subscribers_home_area') }}
    where period = 'day'

),

at_home as (

    select * from {{ ref('count_visits_home_away') }}
    where
        period = 'day'
        and home_area_id = visit_area_id

),

both_by_phase as (

    select
        only_at_home.area_level,
        only_at_home.area_id,
        case when only_at_home.period_start < settings.event_from then 'before' else 'during' end
            as phase,
        only_at_home.n_subscribers as only_at_home,
        at_home.n_subscribers as at_home,
        case when only_at_home.is_suppressed or at_home.is_suppressed then 1 else 0 end
            as n_withheld
    from only_at_home
    inner join at_home
        on
            only_at_home.period_start = at_home.period_start
            and only_at_home.area_level = at_home.area_level
            and only_at_home.area_id = at_home.home_area_id
    cross join settings
    where
        only_at_home.area_level = settings.area_level
        and only_at_home.period_start >= settings.before_from
        and only_at_home.period_start < settings.event_until

),

-- Each person counts on each day: a mean of days, whose large days weigh more.
shares as (

    select
        area_level,
        area_id,
        phase,
        sum(n_withheld) as n_days_withheld,
        case when sum(n_withheld) = 0 then avg(at_home) end as at_home_a_day,
        case when sum(n_withheld) = 0 then 100 * avg(only_at_home) / nullif(avg(at_home), 0) end
            as share_percent
    from both_by_phase
    group by
        area_level,
        area_id,
        phase

),

side_by_side as (

    select
        area_level,
        area_id,
        max(case when phase = 'before' then at_home_a_day end) as before_at_home_a_day,
        max(case when phase = 'during' then at_home_a_day end) as during_at_home_a_day,
        max(case when phase = 'before' then share_percent end) as before_share_percent,
        max(case when phase = 'during' then share_percent end) as during_share_percent,
        max(case when phase = 'before' then n_days_withheld end) as n_before_withheld,
        max(case when phase = 'during' then n_days_withheld end) as n_during_withheld
    from shares
    group by
        area_level,
        area_id

),

final as (

    select
        side_by_side.area_id,
        areas.area_name,
        round(side_by_side.before_at_home_a_day, 1) as before_at_home_a_day,
        round(side_by_side.during_at_home_a_day, 1) as during_at_home_a_day,
        round(side_by_side.before_share_percent, 1) as before_share_percent,
        round(side_by_side.during_share_percent, 1) as during_share_percent,
        side_by_side.n_before_withheld,
        side_by_side.n_during_withheld
    from side_by_side
    left join areas
        on
            side_by_side.area_level = areas.area_level
            and side_by_side.area_id = areas.area_id

)

select * from final
order by area_id
