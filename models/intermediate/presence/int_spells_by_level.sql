-- The spells of each subscriber at each area level, over all days: successive events in one area,
-- and how long until one in another area. After an event a phone is taken to be in the area until
-- its next event, for seven days at most and not after the study.

with

area_spells as (

    select * from {{ ref('int_area_spells') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

study_window as (

    select timestampadd(day, 1, cast(study_end_date as timestamp)) as study_ends_at
    from {{ ref('int_study_window') }}

),

-- From the first event of a spell to that of the next one.
spells_timed as (

    select
        area_spells.subscriber_id,
        area_spells.key_id,
        area_spells.event_date,
        area_spells.area_id,
        area_spells.first_event_at,
        timestampdiff(
            microsecond,
            area_spells.first_event_at,
            least(
                coalesce(
                    lead(area_spells.first_event_at) over spells,
                    study_window.study_ends_at
                ),
                timestampadd(day, 7, area_spells.last_event_at)
            )
        ) / 3.6e9 as n_hours,
        row_number() over spells as finest_number
    from area_spells
    cross join study_window
    window
        spells as (
            partition by area_spells.subscriber_id
            order by area_spells.event_date, area_spells.spell_number
        )

),

spells_by_level as (

    select
        spells_timed.*,
        areas_by_level.area_level,
        areas_by_level.area_id as level_area_id,
        lag(areas_by_level.area_id) over spells as area_before_id,
        lag(spells_timed.event_date) over spells as date_before
    from spells_timed
    inner join areas_by_level
        on spells_timed.area_id = areas_by_level.finest_area_id
    window
        spells as (
            partition by spells_timed.subscriber_id, areas_by_level.area_level
            order by spells_timed.finest_number
        )

),

spells_numbered as (

    select
        *,
        count_if(coalesce(level_area_id <> area_before_id, true)) over (
            partition by subscriber_id, area_level
            order by finest_number
            rows between unbounded preceding and current row
        ) as spell_number
    from spells_by_level

),

final as (

    select
        subscriber_id,
        key_id,
        area_level,
        level_area_id as area_id,
        spell_number,
        -- The day of its first event, and that of the event before, which was elsewhere.
        min_by(event_date, finest_number) as event_date,
        min_by(date_before, finest_number) as date_before,
        sum(n_hours) as n_hours
    from spells_numbered
    group by
        subscriber_id,
        key_id,
        area_level,
        level_area_id,
        spell_number

)

select * from final
