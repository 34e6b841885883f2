{# A date of the study, for rows that have none of their own: a study is under one key (check_keys),
   so any will do. Without study_start and study_end there is only one key, for all dates. #}
{% macro study_date() -%}
    cast('{{ var('study_start') or var('study_end') or '1970-01-01' }}' as date)
{%- endmacro %}
