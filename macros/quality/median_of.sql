{# The median of an array of numbers; null where it is empty. Spark has no median over a moving
   window, but collects lists over one. #}
{% macro median_of(numbers) -%}
    (
        get(array_sort({{ numbers }}), cast((size({{ numbers }}) - 1) div 2 as int))
        + get(array_sort({{ numbers }}), cast(size({{ numbers }}) div 2 as int))
    ) / 2
{%- endmacro %}


{# The median absolute deviation of an array of numbers from their median. #}
{% macro mad_of(numbers, median) -%}
    {{ median_of('transform(' ~ numbers ~ ', number -> abs(number - ' ~ median ~ '))') }}
{%- endmacro %}


{# Whether a number is farther from the median of the days before than five median absolute
   deviations, and far enough to matter where those days were nearly equal. Null where fewer than
   seven days lie before. #}
{% macro is_unusual(value, n_days_before, median, mad, least_difference) -%}
    case
        when {{ n_days_before }} >= 7
            then abs({{ value }} - {{ median }}) > greatest(5 * {{ mad }}, {{ least_difference }})
    end
{%- endmacro %}
