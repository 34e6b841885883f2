{# Which key made the pseudonyms of an event; null where the feed is already pseudonymous. #}
{% macro key_id(event_date) -%}
    {{ 'pseudonym_key_id(' ~ event_date ~ ')' if var('pseudonymise') else 'cast(null as string)' }}
{%- endmacro %}
