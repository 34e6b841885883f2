{# The keyed pseudonym of an identifier; the identifier itself where the feed is already
   pseudonymous (var pseudonymise: false). #}
{% macro pseudonym(column) -%}
    {{ 'pseudonymise(' ~ column ~ ')' if var('pseudonymise') else column }}
{%- endmacro %}
