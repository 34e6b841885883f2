{# Whether the reference period of home areas is the whole study, as the vars say. #}
{% macro reference_is_study() %}
    {% do return(
        var('home_start') in [none, var('study_start')]
        and var('home_end') in [none, var('study_end')]
    ) %}
{% endmacro %}


{# Whether a day lies in the reference period of home areas, as the vars say: where they say
   nothing, that is the study. #}
{% macro is_in_reference(day_start) -%}
    {%- set conditions = [] -%}
    {%- if var('home_start') -%}
        {%- do conditions.append(day_start ~ " >= timestamp '" ~ var('home_start') ~ "'") -%}
    {%- endif -%}
    {%- if var('home_end') -%}
        {%- do conditions.append(day_start ~ " <= timestamp '" ~ var('home_end') ~ "'") -%}
    {%- endif -%}
    ({{ conditions | join(' and ') or 'true' }})
{%- endmacro %}
