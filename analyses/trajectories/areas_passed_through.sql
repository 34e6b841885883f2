-- Which areas do journeys pass through without a stay? Journeys and the subscribers who made them,
-- by the area that they passed. Reads protected tables and has no secondary suppression: for the
-- analyst, not for publication.

with

journey_areas as (

    select * from {{ ref('int_journey_areas') }}

),

final as (

    select
        area_id,
        count(distinct subscriber_id) as n_subscribers,
        count(*) as n_journeys
    from journey_areas
    group by area_id
    having {{ has_min_group_size('count(distinct subscriber_id)') }}

)

select * from final
