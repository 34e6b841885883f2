{# An identifier of a person from the files, without surrounding spaces; null where it is empty or a
   placeholder of a missing value (docs/definitions.md, Identifier): else all missing people would
   count as one more person. Null too where a spreadsheet has rounded it. It runs over every event, so
   it uses built-in functions only, and a regular expression only where one is needed. #}
{% macro identifier(column) -%}
    case
            when {{ var('zero_is_a_person') }} and {{ is_single_zero(column) }} then '0'
            when {{ is_given(column) }} and not {{ is_rounded_number(column) }}
                then {{ code_read('trim(' ~ column ~ ')') }}
        end
{%- endmacro %}


{# Whether a text says anything: it is not empty, and no placeholder of a missing value. #}
{% macro is_given(column) -%}
    (
                trim(leading '0-+_.,:;?*#/\\ \t\r\n\u00a0\'"' from {{ column }}) <> ''
                and lower(trim(both ' \t\r\n\u00a0\'"' from {{ column }})) not in (
                    {{ placeholders() }}
                )
            )
{%- endmacro %}


{# An identifier that is nobody, unless people are numbered from 0 (zero_is_a_person). #}
{% macro is_single_zero(column) -%}
    trim({{ column }}) = '0'
{%- endmacro %}


{# The placeholders as SQL texts, in lower case: those of docs/definitions.md (a policy test
   compares the two), then those of the var missing_identifiers. #}
{% macro placeholders() -%}
    {%- set texts = [
        '\\n', 'null', '(null)', '<null>', '[null]', 'nil', 'none', 'nan', 'na', '<na>', 'n/a',
        '#n/a', 'n.a.', 'undefined', 'missing', 'empty', 'blank', 'unknown', 'unk', 'unidentified',
        'anonymous', 'private', 'withheld', 'restricted', 'unavailable', 'not available', '-1',
        '-1.0', '-9', '-99', '-999', '-9999'
    ] -%}
    {#- check_vars says what is wrong with the var; dbt reads models before that. -#}
    {%- set further = var('missing_identifiers') -%}
    {%- for text in (further if further is iterable else []) -%}
        {%- do texts.append((text | string).strip(' \t\r\n\u00a0\'"') | lower) -%}
    {%- endfor -%}
    {%- for text in texts -%}
        '{{ sql_text(text) }}'
        {%- if not loop.last -%}
            {{ ', ' if loop.index % 8 else ',\n                    ' }}
        {%- endif -%}
    {%- endfor -%}
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
