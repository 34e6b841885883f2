{# A number of the study and of its weeks, side by side: of the study (week_start is null) as it is,
   of the weeks the mean and standard deviation over those that have a value. #}
{% macro over_weeks(column) -%}
    max({{ column }}) filter (where week_start is null) as {{ column }},
        avg({{ column }}) filter (where week_start is not null) as {{ column }}_week_mean,
        stddev_pop({{ column }}) filter (where week_start is not null) as {{ column }}_week_std
{%- endmacro %}
