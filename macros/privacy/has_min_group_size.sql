{# The only place where the suppression rule is written: at least min_group_size people. #}
{% macro has_min_group_size(head_count) -%}
    {{ head_count }} >= {{ var('min_group_size') }}
{%- endmacro %}


{# A head count that is published roughly: the next multiple of min_group_size below it. Two of them
   are equal, or at least min_group_size apart. #}
{% macro rounded_to_group_size(head_count) -%}
    ({{ head_count }}) div {{ var('min_group_size') }} * {{ var('min_group_size') }}
{%- endmacro %}
