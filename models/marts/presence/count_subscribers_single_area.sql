-- How many people were seen in one area only that day.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, areas: sum_with_rest}
dp_laplace: {periods: [day], sensitivity: 1}
relations:
  single_presence:
    description: Present are those seen there alone and those seen elsewhere too
    relation_type: sum_with_rest
    parent: count_subscribers
    parent_where: period = 'day'
    keys: [period, period_start, area_level, area_id]
  single_total:
    description: Seen are those of one area and those of several
    relation_type: sum_with_rest
    parent: total_subscribers
    parent_where: period = 'day'
    keys: [period, period_start]
    split: area_level
{% endset %}

{{ release(declaration, ref('candidate_count_subscribers_single_area')) }}
