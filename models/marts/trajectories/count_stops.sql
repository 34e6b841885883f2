-- How many stops began in an area, and of how many people.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  area_id: area
  stop_type: {values: [stay, pass_by]}
measures:
  n_subscribers: {rule: head_count, areas: union}
  n_stops: {rule: number, areas: sum}
{% endset %}

{{ release(declaration, ref('candidate_count_stops')) }}
