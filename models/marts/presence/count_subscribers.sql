-- How many people were in an area.

{% set declaration %}
keys:
  period: [hour, day, week, month]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, areas: union, periods: union}
late_data: n_subscribers
dp_laplace: {periods: [day], sensitivity: areas_a_day}
relations:
  presence_total:
    description: Who is seen is seen somewhere
    relation_type: union
    parent: total_subscribers
    child_where: period in ('day', 'week', 'month')
    keys: [period, period_start]
    split: area_level
{% endset %}

{{ release(declaration, ref(contributions_to('count_subscribers'))) }}
