{# Whether an optional feed has landed, as the var feeds says: the models of other feeds are not
   built. #}
{% macro has_feed(name) -%}
    {% do return(name in var('feeds')) %}
{%- endmacro %}
