{# A text inside single quotes of Spark SQL. #}
{% macro sql_text(text) -%}
    {{ text | replace('\\', '\\\\') | replace("'", "\\'") }}
{%- endmacro %}
