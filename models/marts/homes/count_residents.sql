-- How many people live in an area. Everybody lives in one area of each level.

{% set declaration %}
keys:
  period: [study, week, month, reference]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, areas: same_total}
dp_laplace: {periods: [study, week, month, reference], sensitivity: 1}
relations:
  residents_total:
    description: Everybody seen lives somewhere
    relation_type: sum
    parent: total_subscribers
    parent_where: period in ('week', 'month')
    child_where: period in ('week', 'month')
    keys: [period, period_start]
    split: area_level
  residents_reference:
    description: The reference period is the study
    relation_type: sum
    parent_where: period = 'study'
    child_where: period = 'reference'
    keys: [area_level, area_id]
    reference: is_study
{% endset %}

{{ release(declaration, ref('candidate_count_residents')) }}
