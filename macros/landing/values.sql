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


{# A word of the network's language for types and directions; nothing that could be a number. #}
{% macro word_read(text) -%}
    case
        when {{ text }} rlike '^[a-z]([a-z _/-]{0,18}[a-z])?$' and {{ is_given(text) }}
            then {{ text }}
    end
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


{# For event_columns_read: the name of a column, whether it says something, whether that could not
   be read, and its shape. #}
{% macro unread_column(column) -%}
    '{{ column }}', has_{{ column }} or contains(unread_values, '{{ column }}='),
            contains(unread_values, '{{ column }}='),
            regexp_extract(unread_values, '{{ column }}=([^;]*)', 1)
{%- endmacro %}
