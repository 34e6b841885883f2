-- Which areas the people of an area visit.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  home_area_id: area_or_none
  visit_area_id: area
measures:
  n_subscribers: {rule: head_count}
dp_laplace: {periods: [day], sensitivity: areas_a_day}
relations:
  visits_presence:
    description: Present are the visitors from all homes
    relation_type: sum
    parent: count_subscribers
    parent_where: period = 'day'
    keys: [period, period_start, area_level, area_id=visit_area_id]
{% endset %}

{{ release(declaration, ref(contributions_to('count_visits_home_away'))) }}
