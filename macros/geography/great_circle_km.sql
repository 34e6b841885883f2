{# Great-circle distance in km between two points in degrees (haversine, sphere of the mean Earth
   radius 6371.0088 km, IUGG, unless another is given); null where a coordinate is null. What
   rounding puts above 1 is taken away again, because least(1, ...) would pass over a null. #}
{% macro great_circle_km(longitude_1, latitude_1, longitude_2, latitude_2, radius_km=6371.0088) -%}
    {%- set half_chord -%}
    sqrt(
        power(sin(radians({{ latitude_2 }} - {{ latitude_1 }}) / 2), 2)
        + cos(radians({{ latitude_1 }})) * cos(radians({{ latitude_2 }}))
        * power(sin(radians({{ longitude_2 }} - {{ longitude_1 }}) / 2), 2)
    )
    {%- endset -%}
    2 * {{ radius_km }} * asin({{ half_chord }} - greatest(0, {{ half_chord }} - 1))
{%- endmacro %}
