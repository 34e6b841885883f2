-- How long people stay in an area. Its people are some of those whose stays count_stops counts, for
-- inferred stays are not in it; so no number here follows from numbers there.

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
{% endset %}

{{ release(declaration, ref('candidate_stay_durations')) }}
