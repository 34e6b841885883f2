{# The table cells of a candidate: one row for each group of people, with the key columns of
   all marts (null where a mart has no such key). #}
{% macro table_cells_of(candidate) -%}
{%- set name = candidate.identifier | replace('candidate_', '') -%}
{%- set mart = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
{%- set meta = mart.config.meta -%}
{%- set features = meta.get('features', {}) -%}
select
    {{ table_cell(name, cell_columns(meta)) }} as table_cell,
    {%- for key, data_type in all_cell_columns().items() %}
    {{ key if key in cell_columns(meta) else 'cast(null as ' ~ data_type ~ ') as ' ~ key }},
    {%- endfor %}
    {%- if features %}
    max(n_subscribers) as n_subscribers,
    max(people_key) as people_key,
    bit_xor({{ other_measures(mart) }}) as other_measures,
    bool_or({{ is_dominated_row(meta) }}) as is_dominated,
    {%- else %}
    n_subscribers,
    people_key,
    {{ other_measures(mart) }} as other_measures,
    {{ is_dominated_row(meta) }} as is_dominated,
    {%- endif %}
    '{{ name }}' as mart
from {{ candidate }}
{%- if features %}
group by {{ cell_columns(meta) | join(', ') }}
{%- endif %}
{%- endmacro %}


{# The columns that tell the cells of any mart apart, each with its type. #}
{% macro all_cell_columns() %}
    {% set found = {} %}
    {% for mart in release_marts() %}
        {% for key in cell_columns(mart.config.meta) %}
            {% do found.update({key: mart.columns[key].data_type}) %}
        {% endfor %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}
