-- At which hours people set out in an area.

{% set declaration %}
keys:
  period: [month]
  area_level: level
  area_id: area
  day_type: {values: [weekday, weekend]}
  hour_of_day: {first: 0, last: 23}
measures:
  n_subscribers: {rule: head_count, areas: union}
{% endset %}

{{ release(declaration, ref('candidate_journeys_by_hour')) }}
