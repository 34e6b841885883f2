-- How far those who live in an area travel. Everybody lives in one area of each level, so every
-- level has as many people in a band of distance.

{% set declaration %}
keys:
  period: [week]
  area_level: level
  home_area_id: area
  distance_from_km: value
measures:
  n_subscribers: {rule: head_count, areas: same_total}
{% endset %}

{{ release(declaration, ref('candidate_trip_distances'), values=ref('distance_bands')) }}
