{# The box around a boundary (struct<west, south, east, north>); null where it is none. #}
{% macro boundary_box_of(geometry) -%}
    boundary_box({{ geometry }})
{%- endmacro %}


{# Of sites (array<struct<longitude, latitude>>) those within a boundary or within_km of it, each
   with distance_km, 0 inside. #}
{% macro sites_near(geometry, sites, within_km) -%}
    sites_near_boundary({{ geometry }}, {{ sites }}, cast({{ within_km }} as double))
{%- endmacro %}


{# Sites (array<struct<longitude, latitude>>), each with the site_cluster_id of its place. #}
{% macro site_clusters_of(sites) -%}
    cluster_sites({{ sites }}, cast(1.0 as double))
{%- endmacro %}


{# The ground of each place (array<struct<site_cluster_id, longitude, latitude>>) within all
   boundaries (array<string>), as GeoJSON. #}
{% macro ground_of(places, boundaries) -%}
    ground_of_sites({{ places }}, {{ boundaries }})
{%- endmacro %}
