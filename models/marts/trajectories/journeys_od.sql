-- How many journeys went from one area to another, how far and how long. Where bounds overlap a
-- journey took 0 minutes at least, so one person can make up that mean alone; then it is null by
-- itself.

{% set declaration %}
keys:
  period: [day, week]
  area_level: level
  from_area_id: area
  to_area_id: area
measures:
  n_subscribers: {rule: head_count, areas: union, periods: union}
  n_journeys: {rule: number, areas: sum, periods: sum}
  mean_distance_km: {rule: mean, of: n_journeys, amounts: distance_km, withhold: cell}
  mean_at_least_minutes: {rule: mean, of: n_journeys, amounts: at_least_minutes, withhold: measure}
  mean_at_most_minutes: {rule: mean, of: n_journeys, amounts: at_most_minutes, withhold: cell}
{% endset %}

{{ release(declaration, ref('candidate_journeys_od')) }}
