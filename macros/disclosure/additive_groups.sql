{# The cells of a relation that add up, from int_table_cells: one row per group and cell. Head
   counts decide about numbers of things too, so they stand here whatever the relation adds up. #}
{% macro additive_members(relation, table_cells) -%}
{%- set keys = relation_keys(relation) -%}
{%- set splits = relation.split.split('; ') if relation.split else [] -%}
select
    '{{ relation.relation_id }}' as relation_id,
    '{{ 'sum' if relation.relation_type == 'same_sum' or relation.rest
        else relation.relation_type }}' as relation_type,
    {%- if relation.parent %}
    parents.table_cell as whole_id,
    parents.table_cell as parent_cell,
    parents.n_subscribers as parent_n_subscribers,
    {%- else %}
    -- No total is published, but every part has the same.
    concat_ws(
        char(31){% for key in keys %}, members.key_{{ loop.index }}{% endfor %}
    ) as whole_id,
    cast(null as string) as parent_cell,
    cast(null as bigint) as parent_n_subscribers,
    {%- endif %}
    concat_ws(
        char(31), whole_id{% for split in splits %}, members.split_{{ loop.index }}{% endfor %}
    ) as group_id,
    {{ (relation.child_measure == 'n_subscribers') | lower }} as adds_people,
    {{ relation.tells_parent | lower }} as tells_parent,
    members.table_cell,
    members.n_subscribers,
    members.people_key
from (
    {{ cells_by_key(
        relation, relation.child, relation.cells_where, keys, table_cells
    ) | indent }}
    {%- if relation.rest %}

    union all

    -- What is left of the whole is published too, in another mart.
    {{ cells_by_key(
        relation, relation.rest.mart, relation.rest.where, key_pairs(relation.rest['keys']),
        table_cells
    ) | indent }}
    {%- endif %}
) as members
{%- if relation.parent %}
inner join (
    select * from {{ table_cells }}
    where mart = '{{ relation.parent }}'
    {%- if relation.parent_cells_where %} and {{ relation.parent_cells_where }}{% endif %}
) as parents
    on
        {% for key in relation_keys(relation) -%}
        {{ 'and ' if not loop.first }}parents.{{ key.parent }} = members.key_{{ loop.index }}
        {% endfor %}
{%- endif %}
{%- endmacro %}


{# The cells of a mart that a relation adds up, with the relation's keys as key_1, key_2, ... #}
{% macro cells_by_key(relation, mart, where, keys, table_cells) -%}
select
    table_cell,
    n_subscribers,
    people_key
    {%- for split in relation.split.split('; ') if split %},
    {{ split }} as split_{{ loop.index }}
    {%- endfor %}
    {%- for key in keys %},
    {{ key.child }} as key_{{ loop.index }}
    {%- endfor %}
from {{ table_cells }}
{%- if relation.via %}
inner join {{ ref('int_' ~ relation.via) }} using ({{ via_columns(relation) | join(', ') }})
{%- endif %}
where mart = '{{ mart }}'
{%- if where %} and {{ where }}{% endif %}
{%- endmacro %}


{# The keys of a relation as pairs: the parent's column, and the child's expression. #}
{% macro relation_keys(relation) %}
    {% do return(key_pairs(relation['keys'].split('; '))) %}
{% endmacro %}


{% macro key_pairs(keys) %}
    {% set pairs = [] %}
    {% for text in keys if text %}
        {% set parent, equals, child = text.partition('=') %}
        {% do pairs.append({'parent': parent, 'child': child or parent}) %}
    {% endfor %}
    {% do return(pairs) %}
{% endmacro %}


{# The columns by which the cells of a relation find theirs in its lookup table. #}
{% macro via_columns(relation) %}
    {% do return(
        ['area_level', 'from_area_id', 'to_area_id'] if relation.via == 'area_pair_parents'
        else ['area_level', 'area_id']
    ) %}
{% endmacro %}


{# The relations whose cells int_withheld_cells protects: sums of which a reader could subtract. #}
{% macro additive_relations() %}
    {% set relations = [] %}
    {% for relation in disclosure_relations()
        if relation.relation_type in ['sum', 'sum_with_rest', 'same_sum']
        and not relation.suppressed_by %}
        {% do relations.append(relation) %}
    {% endfor %}
    {% do return(relations) %}
{% endmacro %}
