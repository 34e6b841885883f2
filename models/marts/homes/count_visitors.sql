-- How many people were in an area who live elsewhere.

{% set declaration %}
keys:
  period: [day, week]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, periods: union}
relations:
  visitors_presence:
    description: Present are visitors, those at home, and those without a home
    relation_type: sum_with_rest
    parent: count_subscribers
    parent_where: period = 'day'
    child_where: period = 'day'
    keys: [period, period_start, area_level, area_id]
    rest:
      mart: count_visits_home_away
      where: (home_area_id is null or home_area_id = visit_area_id)
      keys: [period, period_start, area_level, area_id=visit_area_id]
  visitors_presence_week:
    description: Present in the week are visitors, those at home, and those without a home
    relation_type: sum_with_rest
    parent: count_subscribers
    parent_where: period = 'week'
    child_where: period = 'week'
    keys: [period, period_start, area_level, area_id]
  visitors_homes:
    description: Visitors are the people of all other homes
    relation_type: sum
    parent: count_visitors
    parent_where: period = 'day'
    child: count_visits_home_away
    child_where: home_area_id <> visit_area_id
    keys: [period, period_start, area_level, area_id=visit_area_id]
{% endset %}

{{ release(declaration, ref('candidate_count_visitors')) }}
