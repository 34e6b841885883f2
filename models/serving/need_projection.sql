{{ config(enabled=has_feed('indicators')) }}

-- Each entity as a point in the plane in which entities differ most. Of published figures only.

with

need_values as (

    select * from {{ ref('need_values') }}

),

points_of_entities as (

    {{ points_of_entities('need_values') | indent }}

),

components as (

    select
        entities,
        {{ components_of('points') }} as by_variance
    from points_of_entities

),

by_entity as (

    select
        posexplode(entities) as (place, entity),
        by_variance
    from components

),

final as (

    select
        by_entity.entity,
        by_entity.by_variance[0].scores[by_entity.place] as first_component,
        get(by_entity.by_variance, 1).scores[by_entity.place] as second_component
    from by_entity

)

select * from final
