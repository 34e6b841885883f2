-- Subscribers with a home in the reference period who were seen in an area that is not their home,
-- by day and week. Subscribers without a home are nobody's visitors: where they live is not known.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'reference'

),

visits_away as (

    select
        area_visits.event_date,
        area_visits.area_level,
        area_visits.area_id,
        area_visits.subscriber_id,
        {{ person_key('area_visits.subscriber_id') }} as person_key
    from area_visits
    inner join home_areas
        on
            area_visits.subscriber_id = home_areas.subscriber_id
            and area_visits.area_level = home_areas.area_level
            and area_visits.area_id <> home_areas.home_area_id

),

visitors as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        person_key
    from visits_away

    union all

    -- Who comes on several days of a week is one visitor of the week.
    select
        'week' as period,
        date_trunc('week', event_date) as period_start,
        area_level,
        area_id,
        min(person_key) as person_key
    from visits_away
    group by
        date_trunc('week', event_date),
        area_level,
        area_id,
        subscriber_id

),

final as (

    select
        period,
        period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from visitors
    group by
        period,
        period_start,
        area_level,
        area_id

)

select * from final
