{# The standard deviation of n numbers (of all of them, not of a sample), from their sum and the sum
   of their squares; null of no number. For whole seconds both sums are exact. #}
{% macro deviation(n, total, squares) -%}
    try_divide(sqrt(greatest({{ n }} * {{ squares }} - {{ total }} * {{ total }}, 0)), {{ n }})
{%- endmacro %}
