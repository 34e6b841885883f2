-- How many people were seen at home, and only there.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count}
dp_laplace: {periods: [day], sensitivity: 1}
relations:
  home_only_visits:
    description: Seen at home are those seen only there and those seen elsewhere too
    relation_type: sum_with_rest
    parent: count_visits_home_away
    parent_where: home_area_id = visit_area_id
    keys: [period, period_start, area_level, home_area_id=area_id, visit_area_id=area_id]
  home_only_single:
    description: Seen in one area are those at home and those away
    relation_type: sum_with_rest
    parent: count_subscribers_single_area
    keys: [period, period_start, area_level, area_id]
{% endset %}

{{ release(declaration, ref('candidate_count_subscribers_home_area')) }}
