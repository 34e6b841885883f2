{# The shape of a text without its content: letters become a, digits 9, at most 40 characters. #}
{% macro shape_of(column) -%}
    left(regexp_replace(regexp_replace({{ column }}, '[0-9]', '9'), '\\p{L}', 'a'), 40)
{%- endmacro %}
