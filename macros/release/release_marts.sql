{# The marts of the project, as nodes of dbt's graph, in the order of their names. #}
{% macro release_marts() %}
    {% set marts = [] %}
    {% for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and node.schema == 'marts' %}
        {% do marts.append(node) %}
    {% endfor %}
    {% do return(marts) %}
{% endmacro %}


{# The key columns of a mart: all that are not numbers or the flag. #}
{% macro key_columns(mart) %}
    {% do return(
        mart.columns.keys() | reject('in', ['n_subscribers', 'n_events', 'is_suppressed']) | list
    ) %}
{% endmacro %}
