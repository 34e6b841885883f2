{# What the two weeks after a series of days (array<double>) are like, by the rule of
   docs/definitions.md, Forecast; null where there are too few days. #}
{% macro forecast_of(days) -%}
    forecast_days({{ days }})
{%- endmacro %}
