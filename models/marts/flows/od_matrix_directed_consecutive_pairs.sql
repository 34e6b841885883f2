-- How many went straight from one area to another.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  from_area_id: area
  to_area_id: area
measures:
  n_subscribers: {rule: head_count}
relations:
  od_consecutive:
    description: Who goes straight from A to B is first in A and later in B
    relation_type: subset
    parent: od_matrix_directed_all_pairs
    keys: [period, period_start, area_level, from_area_id, to_area_id]
{% endset %}

{{ release(declaration, ref('candidate_od_matrix_directed_consecutive_pairs')) }}
