{{ config(enabled=has_feed('indicators')) }}

-- What the entities of a cluster are like, indicator by indicator. Of published figures only.

with

need_values as (

    select * from {{ ref('need_values') }}

),

need_ranking as (

    select * from {{ ref('need_ranking') }}
    where need_cluster is not null

),

final as (

    select
        need_ranking.need_cluster,
        need_values.indicator,
        count(*) as n_entities,
        avg(need_values.indicator_value) as mean_value,
        avg(need_values.value_scaled) as mean_value_scaled,
        avg(need_values.need) as mean_need
    from need_values
    inner join need_ranking
        on need_values.entity = need_ranking.entity
    group by
        need_ranking.need_cluster,
        need_values.indicator

)

select * from final
