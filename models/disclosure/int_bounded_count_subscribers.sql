{{ config(materialized='ephemeral') }}

-- candidate_count_subscribers by day, each subscriber in at most dp_max_areas areas of a level.

with

bounded_visits as (

    select * from {{ ref('int_bounded_visits') }}

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        area_id,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key
    from bounded_visits
    group by
        event_date,
        area_level,
        area_id

)

select * from final
