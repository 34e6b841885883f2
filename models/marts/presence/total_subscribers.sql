-- How many people the network saw.

{% set declaration %}
keys:
  period: [day, week, month]
measures:
  n_subscribers: {rule: head_count, periods: union}
late_data: n_subscribers
dp_laplace: {periods: [day, week, month], sensitivity: 1}
{% endset %}

{{ release(declaration, ref('candidate_total_subscribers')) }}
