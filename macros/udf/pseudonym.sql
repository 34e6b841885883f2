{# The pseudonym of an identifier, a 64-bit number: keyed, under the key in force on the event's
   date; a hash without a key where the feed is already pseudonymous (var pseudonymise: false);
   null where there is no identifier. #}
{% macro pseudonym(column, event_date) -%}
    {% if var('pseudonymise') -%}
        pseudonymise({{ column }}, {{ event_date }})
    {%- else -%}
        case when {{ column }} is not null then xxhash64({{ column }}) end
    {%- endif %}
{%- endmacro %}
