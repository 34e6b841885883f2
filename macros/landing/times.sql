{# The local time of an event: in the pattern of the var event_timestamp_format, else as ISO 8601,
   else an instant: a time with its zone, or seconds or milliseconds since 1970. An instant is local
   time only by the var study_timezone; without it, it cannot be read. Other numbers are not of our
   time, and could be phone numbers. #}
{% macro time_read(text) %}
    {% set iso = '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?' %}
    {% set cases = [
        (iso ~ '$', 'cast(try_cast(' ~ text ~ ' as timestamp_ntz) as timestamp)')
    ] %}
    {% if var('study_timezone') %}
        {% do cases.extend([
            (iso ~ ' ?(Z|[+-][0-9]{2}:?[0-9]{2})$',
                local_time('try_cast(' ~ text ~ ' as timestamp)')),
            ('^1[0-9]{9}([.]0+)?$',
                local_time('timestamp_seconds(cast(' ~ text ~ ' as double))')),
            ('^1[0-9]{12}([.]0+)?$',
                local_time('timestamp_millis(cast(cast(' ~ text ~ ' as double) as bigint))'))
        ]) %}
    {% endif %}
    {% set branches = [] %}
    {% for pattern, value in cases %}
        {% do branches.append('when ' ~ text ~ " rlike '" ~ pattern ~ "' then " ~ value) %}
    {% endfor %}
    {% do return('coalesce(' ~ time_in_pattern(text, var('event_timestamp_format')) ~ ', case '
        ~ branches | join(' ') ~ ' end)') %}
{% endmacro %}


{# In the pattern of the study. Spark reads no names of days: they are left out of the pattern and
   of the text. #}
{% macro time_in_pattern(text, pattern) %}
    {% set day_name = modules.re.match('E+[., ]*', pattern) %}
    {% if day_name %}
        {% set pattern = pattern[day_name.end():] %}
        {% set text = 'regexp_replace(' ~ text ~ ", '^\\\\p{L}+[., ]*', '')" %}
    {% endif %}
    {% set read = 'try_to_timestamp(' ~ text ~ ", '" ~ sql_text(pattern) ~ "')" %}
    {% do return(local_time(read) if has_zone(pattern) else read) %}
{% endmacro %}


{# Whether a pattern of times has a field of the zone, outside quotation marks. #}
{% macro has_zone(pattern) %}
    {% set fields = modules.re.sub("'[^']*'", '', pattern) %}
    {% do return(modules.re.search('[VzOXxZ]', fields) is not none) %}
{% endmacro %}


{# The wall-clock time of the study at an instant (the session of the server is in UTC). #}
{% macro local_time(instant) %}
    {% do return('from_utc_timestamp(' ~ instant ~ ", '" ~ var('study_timezone') ~ "')") %}
{% endmacro %}
