{{ config(enabled=has_feed('indicators')) }}

-- What the indicators have in common: principal components, and the part of each indicator in them.
-- Of published figures only.

with

need_values as (

    select * from {{ ref('need_values') }}

),

points_of_entities as (

    {{ points_of_entities('need_values') | indent }}

),

components as (

    select
        indicators,
        posexplode({{ components_of('points') }}) as (place, component)
    from points_of_entities

),

by_indicator as (

    select
        components.place + 1 as component_number,
        components.component,
        posexplode(components.indicators) as (place, indicator)
    from components

),

final as (

    select
        by_indicator.component_number,
        by_indicator.component.explained_variance_share,
        by_indicator.indicator,
        by_indicator.component.loadings[by_indicator.place] as loading
    from by_indicator

)

select * from final
