{{ config(materialized='ephemeral') }}

-- For differential privacy: at most dp_max_areas of the areas of a level in which a subscriber was
-- seen that day. A keyed hash chooses (the pseudonym is keyed), so every build chooses the same
-- areas and none is favoured.

with

area_visits as (

    select * from {{ ref('int_area_visits') }}

),

area_visits_ranked as (

    select
        *,
        row_number() over (
            partition by subscriber_id, event_date, area_level
            order by
                xxhash64(subscriber_id, event_date, area_level, area_id) asc,
                area_id asc
        ) as rank_of_the_day
    from area_visits

),

final as (

    select
        subscriber_id,
        area_level,
        area_id,
        event_date
    from area_visits_ranked
    where rank_of_the_day <= {{ var('dp_max_areas') }}

)

select * from final
