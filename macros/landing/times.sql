{# The local time of an event: in the pattern of the var event_timestamp_format, else as ISO 8601,
   else an instant: a time with its zone, or seconds or milliseconds since 1970. An instant is local
   time only by the var study_timezone; without it, it cannot be read. #}
{% macro time_read(text) -%}
    {%- set pattern = var('event_timestamp_format') -%}
    {#- Spark reads no names of days: they are left out of the pattern and of the text. -#}
    {%- set day_name = modules.re.match("E+[., ]*", pattern) -%}
    {%- set undayed = "regexp_replace(" ~ text ~ ", '^\\\\p{L}+[., ]*', '')" -%}
    {%- set read = "try_to_timestamp("
        ~ (undayed if day_name else text) ~ ", '"
        ~ sql_text(pattern[day_name.end():] if day_name else pattern) ~ "')" -%}
    {%- set read = local_time(read) if has_zone(pattern) else read -%}
    {%- set milliseconds = 'timestamp_millis(cast(cast(' ~ text ~ ' as double) as bigint))' -%}
    {%- set iso = '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?' -%}
    coalesce(
        {{ read }},
        case
            when {{ text }} rlike concat('{{ iso }}', '$')
                then cast(try_cast({{ text }} as timestamp_ntz) as timestamp)
            {%- if var('study_timezone') %}
            when {{ text }} rlike concat('{{ iso }}', ' ?(Z|[+-][0-9]{2}:?[0-9]{2})$')
                then {{ local_time('try_cast(' ~ text ~ ' as timestamp)') }}
            when {{ text }} rlike '^[0-9]{9,10}([.]0+)?$'
                then {{ local_time('timestamp_seconds(cast(' ~ text ~ ' as double))') }}
            when {{ text }} rlike '^[0-9]{12,13}([.]0+)?$'
                then {{ local_time(milliseconds) }}
            {%- endif %}
        end
    )
{%- endmacro %}


{# Whether a pattern of times has a field of the zone, outside quotation marks. #}
{% macro has_zone(pattern) %}
    {% set fields = modules.re.sub("'[^']*'", '', pattern) %}
    {% do return(modules.re.search("[VzOXxZ]", fields) is not none) %}
{% endmacro %}


{# The wall-clock time of the study at an instant (the session of the server is in UTC). #}
{% macro local_time(instant) -%}
    from_utc_timestamp({{ instant }}, '{{ var('study_timezone') }}')
{%- endmacro %}
