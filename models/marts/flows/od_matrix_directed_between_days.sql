-- How many were last in one area and, on a later day, first in another.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  from_area_id: area
  to_area_id: other_area
measures:
  n_subscribers: {rule: head_count, areas: sum}
relations:
  od_between_days:
    description: Who comes to an area from another day is there
    relation_type: subset
    parent: count_subscribers
    parent_where: period = 'day'
    keys: [period, period_start, area_level, area_id=to_area_id]
{% endset %}

{{ release(declaration, ref('candidate_od_matrix_directed_between_days')) }}
