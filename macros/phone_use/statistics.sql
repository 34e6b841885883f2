{# The standard deviation of n numbers (of all of them, not of a sample), from their sum and the sum
   of their squares; null of no number. For whole seconds both sums are exact. #}
{% macro deviation(n, total, squares) -%}
    try_divide(sqrt(greatest({{ n }} * {{ squares }} - {{ total }} * {{ total }}, 0)), {{ n }})
{%- endmacro %}


{# The standard deviation of a sample, from an array of its values and their sum; null of fewer than
   two. From the differences to the mean: nothing is lost where it is small beside the mean. #}
{% macro sample_deviation(values, total) -%}
    sqrt(
            try_divide(
                aggregate(
                    {{ values }},
                    0D,
                    (squares, value) -> squares + power(value - {{ total }} / size({{ values }}), 2)
                ),
                size({{ values }}) - 1
            )
        )
{%- endmacro %}


{# A quantile of an array in ascending order, between two values where it lies between them; null of
   no values. Where an array is at hand: Spark's percentile would make a second one. #}
{% macro quantile(values_in_order, share) -%}
    {%- set position = '(size(' ~ values_in_order ~ ') - 1) * ' ~ share -%}
    {%- set below = 'get(' ~ values_in_order ~ ', int(floor(' ~ position ~ ')))' -%}
    {%- set above = 'get(' ~ values_in_order ~ ', int(ceil(' ~ position ~ ')))' -%}
    {{ below }} + ({{ above }} - {{ below }}) * cast({{ position }} % 1 as double)
{%- endmacro %}
