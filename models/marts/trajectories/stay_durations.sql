-- How long people stay in an area.

{% set declaration %}
keys:
  period: [week]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count, areas: union}
  mean_at_least_minutes: {rule: mean, of: n_subscribers, amounts: at_least_minutes, withhold: cell}
  median_at_least_minutes: {rule: order_statistic, of: n_subscribers}
  mean_at_most_minutes:
    {rule: mean, of: n_subscribers_at_most, amounts: at_most_minutes, withhold: measure}
  median_at_most_minutes:
    rule: order_statistic
    of: n_subscribers_at_most
    amounts: at_most_minutes
    withhold: measure
relations:
  stays_heads_weeks:
    description: Who begins a stay on a day begins one that week
    relation_type: union
    child: count_stops
    child_where: stop_type = 'stay'
    keys: ["period_start=date_trunc('week', period_start)", area_level, area_id]
{% endset %}

{{ release(declaration, ref('candidate_stay_durations')) }}
