-- How many were in one area and then in another.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  from_area_id: area
  to_area_id: area
measures:
  n_subscribers: {rule: head_count}
late_data: n_subscribers
relations:
  od_presence:
    description: From an area to itself goes everybody present
    relation_type: sum
    parent: count_subscribers
    parent_where: period = 'day'
    child_where: from_area_id = to_area_id
    keys: [period, period_start, area_level, area_id=from_area_id]
  od_origins:
    description: Who leaves an area was there
    relation_type: subset
    parent: count_subscribers
    parent_where: period = 'day'
    child_where: from_area_id <> to_area_id
    keys: [period, period_start, area_level, area_id=from_area_id]
  od_destinations:
    description: Who comes to an area was there
    relation_type: subset
    parent: count_subscribers
    parent_where: period = 'day'
    child_where: from_area_id <> to_area_id
    keys: [period, period_start, area_level, area_id=to_area_id]
{% endset %}

{{ release(declaration, ref('candidate_od_matrix_directed_all_pairs')) }}
