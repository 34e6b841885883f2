{# The outlines of a list of areas (array<struct<area_id, area_level, parent_area_id, geometry>>):
   of their boundaries, or else of the sites in them (array<struct<area_id, longitude, latitude>>). #}
{% macro outlines_of(areas, sites) -%}
    draw_outlines({{ areas }}, {{ sites }})
{%- endmacro %}
