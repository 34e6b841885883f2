{# A number as it is published: as counted, unless an option blurs it; rounded last. All numbers of
   a row have the same noise, except a number of other people, whose key is given. #}
{% macro released_count(column, people_key='people_key') -%}
    {% if var('noise_mechanism') == 'cell_key' -%}
        {{ rounded_to_base('(' ~ column ~ ' + ' ~ cell_key_noise(people_key) ~ ')') }}
    {%- else -%}
        {{ rounded_to_base(column) }}
    {%- endif %}
{%- endmacro %}


{# The nearest multiple of rounding_base, half upwards; unchanged with base 0. #}
{% macro rounded_to_base(column) -%}
    {% set base = var('rounding_base') | int -%}
    {% if base > 1 -%}
        (({{ column }} + {{ base // 2 }}) div {{ base }} * {{ base }})
    {%- else -%}
        {{ column }}
    {%- endif %}
{%- endmacro %}
