-- The cells that a reader could subtract from each other, by relation and group: the members of the
-- group, and the cell they add up to (the parent). From what the marts declare.

with

table_cells as (

    select * from {{ ref('int_table_cells') }}

),

{# For dbt, which reads this file before it knows what the marts declare. -#}
{% set lookups = [
    ref('int_area_parents'), ref('int_area_families'), ref('int_area_pair_parents')
] -%}
{% for relation in additive_relations() -%}
{{ relation.relation_id }} as (

    {{ additive_members(relation, 'table_cells') | indent }}

),

{% endfor -%}
final as (

    {% for relation in additive_relations() %}
    select * from {{ relation.relation_id }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
