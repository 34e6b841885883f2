-- How many were in both of two areas.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  area_id_1: area
  area_id_2: later_area
measures:
  n_subscribers: {rule: head_count}
late_data: n_subscribers
relations:
  od_undirected:
    description: Seen in both means first in one and later in the other
    relation_type: union
    child: od_matrix_directed_all_pairs
    child_where: from_area_id <> to_area_id
    keys:
      - period
      - period_start
      - area_level
      - area_id_1=least(from_area_id, to_area_id)
      - area_id_2=greatest(from_area_id, to_area_id)
{% endset %}

{{ release(declaration, ref('candidate_od_matrix_undirected_all_pairs')) }}
