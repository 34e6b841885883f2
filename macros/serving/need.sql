{# CTEs of entities that are ranked, as points: one row with entities (array<string>), indicators
   (array<string>) and points (array<array<double>>), all in alphabetical order, so that the same
   figures give the same numbers.

   need_values  that view or a select of it #}
{% macro points_of_entities(need_values) -%}
with

figures_of_entities as (

    select
        entity,
        array_sort(collect_list(struct(indicator, value_scaled))) as figures
    from {{ need_values }}
    where is_ranked
    group by entity

),

entities_in_order as (

    select array_sort(collect_list(struct(entity, figures))) as entities
    from figures_of_entities
    having count(*) > 0

)

select
    transform(entities, x -> x.entity) as entities,
    transform(entities[0].figures, x -> x.indicator) as indicators,
    transform(entities, x -> transform(x.figures, y -> y.value_scaled)) as points
from entities_in_order
{%- endmacro %}


{# The entities in 1 to 10 clusters, one row a number of clusters: entities (array<string>), n_clusters,
   wcss, silhouette, agglomerative_silhouette, clusters and agglomerative_clusters (a number of each
   entity), elbow_height, is_chosen. docs/definitions.md, Need.

   need_values  that view or a select of it #}
{% macro clusterings_of_entities(need_values) -%}
with

points_of_entities as (

    {{ points_of_entities(need_values) | indent }}

),

clusterings as (

    select
        entities,
        inline({{ clusterings_of('points') }})
    from points_of_entities

),

-- How far the sum of squares lies below the line from the fewest clusters to the most, both made to
-- go from 0 to 1: where it bends, one cluster more helps little (Satopaa et al. 2011).
bent as (

    select
        *,
        1 - (n_clusters - 1) / nullif(max(n_clusters) over () - 1, 0)
        - (wcss - min(wcss) over ()) / nullif(max(wcss) over () - min(wcss) over (), 0)
            as elbow_height
    from clusterings

)

select
    *,
    {% if var('need_clusters') is not none %}
    n_clusters = least({{ var('need_clusters') }}, max(n_clusters) over ()) as is_chosen
    {% else %}
    row_number() over (order by elbow_height desc nulls last, n_clusters) = 1 as is_chosen
    {% endif %}
from bent
{%- endmacro %}
