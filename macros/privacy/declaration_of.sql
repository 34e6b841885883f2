{# What a mart says of itself, by its name; nothing while dbt only reads the models. #}
{% macro declaration_of(name) %}
    {% do return(
        graph.nodes['model.' ~ project_name ~ '.' ~ name].config.meta if execute else {'keys': {}}
    ) %}
{% endmacro %}
