-- Where those who live in an area were longest on a day. Everybody seen on it was longest in one
-- area of each level.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  home_area_id: area
  day_area_id: area
measures:
  n_subscribers: {rule: head_count}
  mean_hours: {rule: mean, of: n_subscribers, amounts: hours, withhold: measure}
relations:
  day_locations_active:
    description: Who was seen on a day was longest in one area
    relation_type: sum
    parent: count_active_residents
    keys: [period, period_start, area_level, home_area_id]
{% endset %}

{{ release(declaration, ref('candidate_day_locations')) }}
