{# The centres of the clusters of points (array<array<double>>), by the rule of docs/definitions.md,
   Segment; null where there are too few points. #}
{% macro segments_of(points) -%}
    find_segments({{ points }})
{%- endmacro %}
