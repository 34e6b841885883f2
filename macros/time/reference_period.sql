{# Whether a date lies in the reference period, with which later days are compared: home_start to
   home_end, or the study where they are not set, or all days. #}
{% macro is_in_reference_period(event_date) -%}
    {{ event_date }} between
        coalesce({{ date_var('home_start') }}, {{ date_var('study_start') }}, date '0001-01-01')
        and coalesce({{ date_var('home_end') }}, {{ date_var('study_end') }}, date '9999-12-31')
{%- endmacro %}
