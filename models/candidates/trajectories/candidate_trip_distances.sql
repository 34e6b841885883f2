-- Residents of an area who made a journey of that distance in a week. People only, for the same
-- reason as in candidate_journeys_by_hour.

with

journeys as (

    select * from {{ ref('int_journeys') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'week'

),

distance_bands as (

    select * from {{ ref('distance_bands') }}

),

travellers as (

    select /*+ broadcast(distance_bands) */
        journeys.week_start,
        journeys.subscriber_id,
        distance_bands.distance_from_km
    from journeys
    inner join distance_bands
        on
            journeys.distance_km >= distance_bands.distance_from_km
            and journeys.distance_km < distance_bands.distance_below_km
    group by
        journeys.week_start,
        journeys.subscriber_id,
        distance_bands.distance_from_km

),

final as (

    select
        'week' as period,
        home_areas.period_start,
        home_areas.area_level,
        home_areas.home_area_id,
        travellers.distance_from_km,
        count(*) as n_subscribers,
        sum({{ person_key('travellers.subscriber_id') }}) as people_key
    from travellers
    inner join home_areas
        on
            travellers.subscriber_id = home_areas.subscriber_id
            and travellers.week_start = cast(home_areas.period_start as date)
    group by
        home_areas.period_start,
        home_areas.area_level,
        home_areas.home_area_id,
        travellers.distance_from_km

)

select * from final
