{{ config(materialized='by_day', partition_by=['event_date']) }}

-- Subscribers seen in several areas on a day: whether they came to an area (their last event was
-- there, not the first), left it (the first, not the last), or passed: neither, or back at the end.
-- Events at the same instant are ordered by cell_id.

with

area_spells as (

    select * from {{ ref('int_area_spells') }}

),

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

days as (

    select
        subscriber_id,
        event_date,
        min_by(area_id, spell_number) as first_area_id,
        max_by(area_id, spell_number) as last_area_id
    from area_spells
    group by
        subscriber_id,
        event_date

),

days_by_level as (

    select
        days.subscriber_id,
        days.event_date,
        first_areas.area_level,
        first_areas.area_id as first_area_id,
        last_areas.area_id as last_area_id
    from days
    inner join areas_by_level as first_areas
        on days.first_area_id = first_areas.finest_area_id
    inner join areas_by_level as last_areas
        on
            days.last_area_id = last_areas.finest_area_id
            and first_areas.area_level = last_areas.area_level

),

movements as (

    select
        area_visits.subscriber_id,
        area_visits.event_date,
        area_visits.area_level,
        area_visits.area_id,
        case
            when days_by_level.first_area_id = days_by_level.last_area_id then 'passed'
            when area_visits.area_id = days_by_level.first_area_id then 'left'
            when area_visits.area_id = days_by_level.last_area_id then 'came'
            else 'passed'
        end as movement
    from area_visits
    inner join days_by_level
        on
            area_visits.subscriber_id = days_by_level.subscriber_id
            and area_visits.event_date = days_by_level.event_date
            and area_visits.area_level = days_by_level.area_level
    where area_visits.n_areas_that_day > 1

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        movement,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key,
        event_date
    from movements
    group by
        event_date,
        area_level,
        area_id,
        movement

)

select * from final
