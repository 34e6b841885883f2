{# Seconds from one timestamp to another; null where either is null. #}
{% macro seconds_between(start_at, end_at) -%}
    (unix_micros({{ end_at }}) - unix_micros({{ start_at }})) / 1000000
{%- endmacro %}


{# Minutes from one timestamp to another; null where either is null. #}
{% macro minutes_between(start_at, end_at) -%}
    (unix_micros({{ end_at }}) - unix_micros({{ start_at }})) / 60000000
{%- endmacro %}


{# The instant half way between two. #}
{% macro midway(start_at, end_at) -%}
    timestamp_micros((unix_micros({{ start_at }}) + unix_micros({{ end_at }})) div 2)
{%- endmacro %}


{# Hours from 1970 to a timestamp, counted from the middle of the first hour: the middle of an hour
   is a whole number. #}
{% macro hour_number(event_at) -%}
    unix_micros({{ event_at }}) / 3600000000 - 0.5
{%- endmacro %}
