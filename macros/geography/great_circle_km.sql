{# Great-circle distance in km between two points in degrees (haversine, sphere of the mean Earth
   radius 6371.0088 km, IUGG, unless another is given). #}
{% macro great_circle_km(longitude_1, latitude_1, longitude_2, latitude_2, radius_km=6371.0088) -%}
    2 * {{ radius_km }} * asin(least(1, sqrt(
        power(sin(radians({{ latitude_2 }} - {{ latitude_1 }}) / 2), 2)
        + cos(radians({{ latitude_1 }})) * cos(radians({{ latitude_2 }}))
        * power(sin(radians({{ longitude_2 }} - {{ longitude_1 }}) / 2), 2)
    )))
{%- endmacro %}
