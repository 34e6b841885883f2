{# What a mart says of itself, by its name; nothing while dbt only reads the models, and in its unit
   tests, where there is no graph. #}
{% macro declaration_of(name) %}
    {% set mart = graph.get('nodes', {}).get('model.' ~ project_name ~ '.' ~ name) %}
    {% do return(mart.config.meta if mart else {'keys': {}}) %}
{% endmacro %}
