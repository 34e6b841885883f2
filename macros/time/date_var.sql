{# A date var as SQL; null stays null. #}
{% macro date_var(name) -%}
    cast({{ "'" ~ var(name) ~ "'" if var(name) else 'null' }} as date)
{%- endmacro %}
