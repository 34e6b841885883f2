{# 32 bits that stand for one person; their sum over a table cell shows whether two table cells hold
   the same people. As hard to guess as the pseudonym. #}
{% macro person_key(column) -%}
    (xxhash64({{ column }}) & 4294967295)
{%- endmacro %}
