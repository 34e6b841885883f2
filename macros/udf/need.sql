{# Points (array<array<double>>) in 1 to 10 clusters, by k-means and by joining the nearest
   (array<struct>, one a number of clusters), by the rule of docs/definitions.md, Need. #}
{% macro clusterings_of(points) -%}
    cluster_points({{ points }})
{%- endmacro %}


{# The principal components of points (array<array<double>>), the one with the greatest variance
   first (array<struct>). #}
{% macro components_of(points) -%}
    principal_components({{ points }})
{%- endmacro %}
