-- Question: how much did people travel between areas, day by day?
--
-- How to read it: of those seen in the area that day, the share seen in no other area of the
-- level. A lockdown shows as a rise, weekends and holidays as waves.
--
-- Traps:
-- * People who pass through count in every area they pass, so shares of areas are not to be added
--   up or averaged to one of the country.
-- * Who uses the phone once a day is seen in one area. If phone use changes, so does the share.
-- * Days on which one of the two numbers is withheld have a null, and is_withheld is 1.

with

settings as (

    -- Change here. until_day is the first day after those of the answer.
    select
        'admin1' as area_level,
        cast('2020-02-03' as timestamp) as first_day,
        cast('2020-03-16' as timestamp) as until_day

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

presence as (

    select * from {{ ref('count_subscribers') }}
    where period = 'day'

),

single_area as (

    select * from {{ ref('count_subscribers_single_area') }}
    where period = 'day'

),

final as (

    select
        presence.period_start,
        presence.area_id,
        areas.area_name,
        presence.n_subscribers,
        round(
            100 * cast(single_area.n_subscribers as double) / nullif(presence.n_subscribers, 0), 1
        ) as only_here_percent,
        case when presence.is_suppressed or single_area.is_suppressed then 1 else 0 end
            as is_withheld
    from presence
    inner join single_area
        on
            presence.period_start = single_area.period_start
            and presence.area_level = single_area.area_level
            and presence.area_id = single_area.area_id
    left join areas
        on
            presence.area_level = areas.area_level
            and presence.area_id = areas.area_id
    cross join settings
    where
        presence.area_level = settings.area_level
        and presence.period_start >= settings.first_day
        and presence.period_start < settings.until_day

)

select * from final
order by
    area_id asc,
    period_start asc
