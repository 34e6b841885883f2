-- Question: where are people by night, and where by day?
--
-- How to read it: people seen in the area in an average hour of night and of day, on working days.
-- Areas with the highest ratio of day to night come first: people work there. Those with the lowest
-- are where people live.
--
-- Traps:
-- * Phones are used more at some hours than at others, so the ratio of one area means nothing by
--   itself: compare areas.
-- * Seen is not present: who sleeps and does not use the phone is in no number. So night is an
--   evening here, when most are at home and still use their phones. The numbers themselves are no
--   population: residents_against_census.sql has a rate to scale with.
-- * Do not add up hours (the same people) or areas (who travels is in several).
-- * If one hour is withheld, its mean is null, and n_..._withheld counts such hours. A coarser area
--   level helps, or fewer hours.

with

settings as (

    -- Change here: a Monday, the Saturday after it, and first and last hours (20: 20:00 to 20:59).
    select
        'admin2' as area_level,
        cast('2020-02-17' as timestamp) as monday,
        cast('2020-02-22' as timestamp) as saturday,
        20 as first_night_hour,
        22 as last_night_hour,
        10 as first_day_hour,
        15 as last_day_hour

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

presence as (

    select * from {{ ref('count_subscribers') }}
    where period = 'hour'

),

presence_by_part as (

    select
        presence.area_level,
        presence.area_id,
        presence.n_subscribers,
        case when presence.is_suppressed then 1 else 0 end as n_withheld,
        case
            when
                hour(presence.period_start) >= settings.first_night_hour
                and hour(presence.period_start) <= settings.last_night_hour
                then 'night'
            when
                hour(presence.period_start) >= settings.first_day_hour
                and hour(presence.period_start) <= settings.last_day_hour
                then 'day'
        end as part_of_day
    from presence
    cross join settings
    where
        presence.area_level = settings.area_level
        and presence.period_start >= settings.monday
        and presence.period_start < settings.saturday

),

means as (

    select
        area_level,
        area_id,
        part_of_day,
        sum(n_withheld) as n_hours_withheld,
        case when sum(n_withheld) = 0 then avg(n_subscribers) end as people_an_hour
    from presence_by_part
    group by
        area_level,
        area_id,
        part_of_day

),

side_by_side as (

    select
        area_level,
        area_id,
        max(case when part_of_day = 'night' then people_an_hour end) as night_an_hour,
        max(case when part_of_day = 'day' then people_an_hour end) as day_an_hour,
        max(case when part_of_day = 'night' then n_hours_withheld end) as n_night_withheld,
        max(case when part_of_day = 'day' then n_hours_withheld end) as n_day_withheld
    from means
    group by
        area_level,
        area_id

),

final as (

    select
        side_by_side.area_id,
        areas.area_name,
        round(side_by_side.night_an_hour, 1) as night_an_hour,
        round(side_by_side.day_an_hour, 1) as day_an_hour,
        round(side_by_side.day_an_hour / nullif(side_by_side.night_an_hour, 0), 2)
            as day_per_night,
        side_by_side.n_night_withheld,
        side_by_side.n_day_withheld
    from side_by_side
    left join areas
        on
            side_by_side.area_level = areas.area_level
            and side_by_side.area_id = areas.area_id

)

select * from final
order by
    day_per_night desc nulls last,
    area_id asc
