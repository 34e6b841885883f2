{# The id of a cell as lists and events have it. #}
{% macro cell_identifier(column) -%}
    {{ list_identifier(column) }}
{%- endmacro %}


{# An id of a list (cell, site, area), without surrounding spaces; null where it is empty or what a
   database writes for nothing. 0 is an id, and so is NA (Namibia). A whole number that pandas has
   written as 1001.0, because its column has gaps, is 1001; so is each part of 101.0-1001.0, an id
   of two columns. #}
{% macro list_identifier(column) -%}
    case
            when trim({{ column }}) not in ('', '\\N', 'NULL', 'null', '<NA>', '(null)') then
                case
                    when {{ column }} like '%.0%'
                        then regexp_replace(
                            trim({{ column }}), '(?<![^;-])([0-9]+)[.]0(?![^;-])', '$1'
                        )
                    else trim({{ column }})
                end
        end
{%- endmacro %}


{# A number or time of a list as text; null where it is empty or a word for what is missing. #}
{% macro list_text(column) -%}
    case
            when
                lower(trim(both ' \t\r\n\u00a0' from {{ column }})) not in (
                    '', '\\n', 'null', '(null)', '<null>', '<na>', 'na', 'n/a', '#n/a', 'nan', 'none',
                    '-'
                )
                then trim(both ' \t\r\n\u00a0' from {{ column }})
        end
{%- endmacro %}


{# Degrees from text, with a decimal point or a decimal comma; null where it is no number. #}
{% macro degrees_of(column) -%}
    try_cast(regexp_replace({{ column }}, '^([+-]?[0-9]+),([0-9]+)$', '$1.$2') as double)
{%- endmacro %}


{# What may be shown of an id of a list: the id, or its shape if it could be a phone number, a hash
   or an address in the wrong column. #}
{% macro shown_identifier(column) -%}
    case
            when {{ column }} rlike '([0-9].*){7}|@|^.{21}' then {{ shape_of(column) }}
            else {{ column }}
        end
{%- endmacro %}


{# What may be shown of degrees: a short number, else its shape. #}
{% macro shown_degrees(column) -%}
    case
            when {{ column }} is null then 'missing'
            when {{ column }} rlike '^[+-]?[0-9]{1,4}([.,][0-9]{0,20})?$' then left({{ column }}, 10)
            else {{ shape_of(column) }}
        end
{%- endmacro %}
