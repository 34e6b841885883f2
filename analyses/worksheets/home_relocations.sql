-- Question: how many people live elsewhere than in the reference period, and where?
--
-- How to read it: one row per week and pair of areas whose number is published. A row from an area
-- to itself is those who still live there. Without a previous home: people who have none in the
-- reference period, mostly new SIMs. n_pairs_withheld counts the other areas to which people of
-- the same previous home may have moved in that week, but fewer than may be published.
--
-- Traps:
-- * Every week is compared with the reference period, not with the week before: who moved in the
--   first week is in every week since. Do not add up weeks.
-- * Rows of one week and previous home may be added up, for everybody has one home, but while
--   n_pairs_withheld is above 0 that sum is too small.
-- * A week of the reference period itself shows how many seem to move without any event.

with

settings as (

    -- Change here: Mondays. event_until is the first one after the event.
    select
        'admin1' as area_level,
        cast('2020-03-02' as timestamp) as event_from,
        cast('2020-03-16' as timestamp) as event_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

relocations as (

    select * from {{ ref('count_home_relocations') }}
    where period = 'week'

),

event_relocations as (

    select
        relocations.period_start,
        relocations.area_level,
        relocations.previous_home_area_id,
        relocations.new_home_area_id,
        relocations.n_subscribers,
        relocations.is_suppressed,
        sum(
            case
                when relocations.previous_home_area_id = relocations.new_home_area_id then 0
                when relocations.is_suppressed then 1
                else 0
            end
        ) over (
            partition by relocations.period_start, relocations.previous_home_area_id
        ) as n_pairs_withheld
    from relocations
    cross join settings
    where
        relocations.area_level = settings.area_level
        and relocations.period_start >= settings.event_from
        and relocations.period_start < settings.event_until

),

final as (

    select
        event_relocations.period_start,
        event_relocations.previous_home_area_id,
        previous_areas.area_name as previous_home_area_name,
        event_relocations.new_home_area_id,
        new_areas.area_name as new_home_area_name,
        event_relocations.n_subscribers,
        event_relocations.n_pairs_withheld
    from event_relocations
    left join areas as previous_areas
        on
            event_relocations.area_level = previous_areas.area_level
            and event_relocations.previous_home_area_id = previous_areas.area_id
    left join areas as new_areas
        on
            event_relocations.area_level = new_areas.area_level
            and event_relocations.new_home_area_id = new_areas.area_id
    where not event_relocations.is_suppressed

)

select * from final
order by
    period_start asc,
    previous_home_area_id asc nulls last,
    new_home_area_id asc
