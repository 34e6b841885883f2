{# 128 bits in hex that only the holder of the key could predict: the source of all noise. The same
   text gives the same bits. The first word separates them from every pseudonym. #}
{% macro keyed_bits(text, on_date) -%}
    keyed_bits(concat_ws(char(31), 'noise', {{ text }}), {{ on_date }})
{%- endmacro %}
