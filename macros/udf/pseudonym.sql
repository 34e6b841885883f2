{# The keyed pseudonym of an identifier, under the key in force on the event's date; the identifier
   itself where the feed is already pseudonymous (var pseudonymise: false). #}
{% macro pseudonym(column, event_date) -%}
    {{ 'pseudonymise(' ~ column ~ ', ' ~ event_date ~ ')' if var('pseudonymise') else column }}
{%- endmacro %}
