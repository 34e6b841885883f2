{{ config(materialized='ephemeral') }}

-- candidate_count_visits_home_away, each subscriber in at most dp_max_areas areas of a level.

with

bounded_visits as (

    select * from {{ ref('int_bounded_visits') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'reference'

),

final as (

    select
        'day' as period,
        cast(bounded_visits.event_date as timestamp) as period_start,
        bounded_visits.area_level,
        home_areas.home_area_id,
        bounded_visits.area_id as visit_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('bounded_visits.subscriber_id') }}) as people_key
    from bounded_visits
    left join home_areas
        on
            bounded_visits.subscriber_id = home_areas.subscriber_id
            and bounded_visits.area_level = home_areas.area_level
    group by
        bounded_visits.event_date,
        bounded_visits.area_level,
        home_areas.home_area_id,
        bounded_visits.area_id

)

select * from final
