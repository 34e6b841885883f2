{# 32 bits that stand for one person; summed over a cell they say whether two cells hold the same
   people. As hard to guess as the pseudonym. #}
{% macro person_key(column) -%}
    (xxhash64({{ column }}) & 4294967295)
{%- endmacro %}
