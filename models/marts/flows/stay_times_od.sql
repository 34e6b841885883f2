-- How long those who went straight from one area to another on a day were in both. Its people are
-- those of the consecutive pairs.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  from_area_id: area
  to_area_id: other_area
measures:
  n_subscribers: {rule: head_count}
  mean_hours_at_origin:
    rule: mean
    of: n_subscribers
    amounts: hours_at_origin
    withhold: measure
  mean_hours_at_destination:
    rule: mean
    of: n_subscribers
    amounts: hours_at_destination
    withhold: measure
relations:
  stay_times_pairs:
    description: Who went straight from one area to another was in both
    relation_type: sum
    parent: od_matrix_directed_consecutive_pairs
    parent_where: from_area_id <> to_area_id
    keys: [period, period_start, area_level, from_area_id, to_area_id]
{% endset %}

{{ release(declaration, ref('candidate_stay_times_od')) }}
