-- How many people live in an area. Everybody lives in one area of each level.

{% set declaration %}
keys:
  period: [study, week, month]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, areas: same_total}
dp_laplace: {periods: [study, week, month], sensitivity: 1}
relations:
  residents_total:
    description: Everybody seen lives somewhere
    relation_type: sum
    parent: total_subscribers
    parent_where: period in ('week', 'month')
    child_where: period in ('week', 'month')
    keys: [period, period_start]
    split: area_level
{% endset %}

{{ release(declaration, ref('candidate_count_residents')) }}
