{# The only place where the suppression rule is written: at least min_group_size people. #}
{% macro has_min_group_size(head_count) -%}
    {{ head_count }} >= {{ var('min_group_size') }}
{%- endmacro %}
