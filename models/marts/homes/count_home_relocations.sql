-- How many live elsewhere than in the reference period, and where they went.

{% set declaration %}
keys:
  period: [week]
  area_level: level
  previous_home_area_id: area_or_none
  new_home_area_id: area
measures:
  n_subscribers: {rule: head_count}
dp_laplace: {periods: [week], sensitivity: 1}
relations:
  residents_relocations:
    description: Residents are those who stayed and those who came
    relation_type: sum
    parent: count_residents
    parent_where: period = 'week'
    keys: [period, period_start, area_level, area_id=new_home_area_id]
{% endset %}

{{ release(declaration, ref('candidate_count_home_relocations')) }}
