{# The id of one cell of a published table. Parts are set apart by a control character that no area
   id has; a null part (no home) is left out, and only one part of a key may be null. #}
{% macro table_cell(mart, keys) -%}
    concat_ws(char(31), '{{ mart }}', {{ keys | join(', ') }})
{%- endmacro %}
