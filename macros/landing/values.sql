{# Values as people write them, where their meaning is plain (docs/definitions.md, Values). What is
   written otherwise is null, and counted by event_columns_read. All expect trimmed text; what is
   rare stands second, so that it costs nothing where the usual way of writing is used. #}


{# A number. With a decimal comma only where it cannot be a comma of thousands: 1,234 can. #}
{% macro number_read(text) -%}
    coalesce(
        try_cast({{ text }} as double),
        case
            when
                {{ text }} rlike '^[+-]?[0-9]+,[0-9]+$'
                and not {{ text }} rlike '^[+-]?[1-9][0-9]{0,2},[0-9]{3}$'
                then cast(replace({{ text }}, ',', '.') as double)
        end
    )
{%- endmacro %}


{# Seconds: a number of them, or a clock time with hours, minutes and seconds, 00:01:35. #}
{% macro seconds_read(text) -%}
    coalesce(
        {{ number_read(text) }},
        case
            when {{ text }} rlike '^[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]([.,][0-9]+)?$'
                then
                    3600 * cast(split_part({{ text }}, ':', 1) as double)
                    + 60 * cast(split_part({{ text }}, ':', 2) as double)
                    + cast(replace(split_part({{ text }}, ':', 3), ',', '.') as double)
        end
    )
{%- endmacro %}


{# A code: pandas writes the whole numbers of a column with gaps as 1.0. #}
{% macro code_read(text) -%}
    case
        when endswith({{ text }}, '.0') and {{ text }} rlike '^[0-9]+[.]0$'
            then left({{ text }}, length({{ text }}) - 2)
        else {{ text }}
    end
{%- endmacro %}


{# A number that a spreadsheet has rounded, 8.8017E+11, names nobody any more. #}
{% macro is_rounded_number(text) -%}
    coalesce(
        (contains({{ text }}, 'E+') or contains({{ text }}, 'e+'))
        and trim({{ text }}) rlike '^[0-9]([.,][0-9]+)?[eE][+][0-9]{1,2}$',
        false
    )
{%- endmacro %}


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
    coalesce(
        {{ local_time(read) if has_zone(pattern) else read }},
        case
            when {{ text }} rlike {{ iso_time() }} then cast(try_cast({{ text }} as timestamp_ntz) as timestamp)
            {%- if var('study_timezone') %}
            when {{ text }} rlike {{ iso_instant() }}
                then {{ local_time('try_cast(' ~ text ~ ' as timestamp)') }}
            when {{ text }} rlike '^[0-9]{9,10}([.]0+)?$'
                then {{ local_time('timestamp_seconds(cast(' ~ text ~ ' as double))') }}
            when {{ text }} rlike '^[0-9]{12,13}([.]0+)?$'
                then {{ local_time('timestamp_millis(cast(cast(' ~ text ~ ' as double) as bigint))') }}
            {%- endif %}
        end
    )
{%- endmacro %}


{% macro iso_time() -%}
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?$'
{%- endmacro %}


{% macro iso_instant() -%}
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})$'
{%- endmacro %}


{# Whether a pattern of times has a field of the zone, outside quotation marks. #}
{% macro has_zone(pattern) %}
    {% do return(modules.re.search("[VzOXxZ]", modules.re.sub("'[^']*'", '', pattern)) is not none) %}
{% endmacro %}


{# The wall-clock time of the study at an instant (the session of the server is in UTC). #}
{% macro local_time(instant) -%}
    from_utc_timestamp({{ instant }}, {{ "'" ~ var('study_timezone') ~ "'" if var('study_timezone') else 'null' }})
{%- endmacro %}


{# A word of the network's language for types and directions; nothing that could be a number. #}
{% macro word_read(text) -%}
    case when {{ text }} rlike '^[a-z]([a-z _/-]{0,18}[a-z])?$' and {{ is_given(text) }} then {{ text }} end
{%- endmacro %}


{# A number within bounds, else null. #}
{% macro within(number, least, most) -%}
    case when {{ number }} between {{ least }} and {{ most }} then {{ number }} end
{%- endmacro %}


{# The shape of a value that is there and was not read, with the name of its column. #}
{% macro unread_value(column) -%}
    case
        when {{ column }} is null and {{ is_given(column ~ '_text') }}
            then '{{ column }}=' || translate({{ shape_of(column ~ '_text') }}, ';', ',')
    end
{%- endmacro %}


{# For event_columns_read: the name of a column, whether it says something, whether that could not be
   read, and its shape. #}
{% macro unread_column(column) -%}
    '{{ column }}', has_{{ column }} or contains(unread_values, '{{ column }}='),
            contains(unread_values, '{{ column }}='),
            regexp_extract(unread_values, '{{ column }}=([^;]*)', 1)
{%- endmacro %}
