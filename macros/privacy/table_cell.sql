{# The id of one cell of a published table. Its parts are separated by a control character that no
   area id contains; a null part (no home) is left out, and only one part of a key may be null. #}
{% macro table_cell(mart, keys) -%}
    concat_ws(char(31), '{{ mart }}', {{ keys | join(', ') }})
{%- endmacro %}
