{# The marts of the project, as nodes of dbt's graph, in the order of their names. #}
{% macro release_marts() %}
    {% set marts = [] %}
    {% for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and node.schema == 'marts' %}
        {% do marts.append(node) %}
    {% endfor %}
    {% do return(marts) %}
{% endmacro %}


{# The key columns of a mart: all that are neither numbers with a meaning of their own (bigint,
   double) nor the flag. An hour or a band of distance is an int. #}
{% macro key_columns(mart) %}
    {% set keys = [] %}
    {% for column in mart.columns.values()
        if column.data_type not in ['bigint', 'double', 'boolean'] %}
        {% do keys.append(column.name) %}
    {% endfor %}
    {% do return(keys) %}
{% endmacro %}


{# One number that changes with any measure of a candidate's cell beside its head count; null where
   there is no other. The same numbers added up in another order differ in their last digit and are
   no change, so doubles are compared to the seven digits of a float. #}
{% macro other_measures(mart) -%}
    {% set measures = [] -%}
    {% for column in mart.columns.values() if column.name != 'n_subscribers' -%}
        {% if column.data_type == 'bigint' -%}
            {% do measures.append(column.name) -%}
        {% elif column.data_type == 'double' -%}
            {% do measures.append('cast(' ~ column.name ~ ' as float)') -%}
        {% endif -%}
    {% endfor -%}
    {{ 'xxhash64(' ~ measures | join(', ') ~ ')' if measures else 'cast(null as bigint)' }}
{%- endmacro %}
