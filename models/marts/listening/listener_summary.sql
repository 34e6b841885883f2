{{ config(enabled=has_feed('listening')) }}

-- How the customers of a group listen. A group is published with all its features or not at all,
-- since features add up to each other; int_listener_dimensions protects the suppressed groups of
-- a dimension.

{% set declaration %}
keys:
  period: [study]
  grouped_by: value
  group_value: value
  feature: value
features: {feature: n_events}
published_where: is_dimension_published
measures:
  n_subscribers: {rule: head_count}
  mean_value: {rule: moment, of: n_subscribers}
  variance: {rule: moment, of: n_subscribers}
  standard_deviation: {rule: moment, of: n_subscribers}
  n_nonzero:
    rule: number
    among: n_subscribers
    where: is_nonzero_published
    people_key: nonzero_people_key
  l1_norm: {rule: exact_sum, decimals: 0}
  l2_norm: {rule: exact_sum, decimals: 2}
moments:
  of_measure: mean_value
  n_contributors: n_nonzero
  total: l1_norm
  squares: sum_of_squares
  largest: largest_amount
  second_largest: second_largest_amount
  withhold: cell
relations:
  listeners_groups:
    description: Listeners of all groups of a dimension are everyone
    relation_type: sum
    parent_where: grouped_by = 'everyone'
    child_where: grouped_by <> 'everyone'
    keys: [period, period_start]
    split: grouped_by
  listeners_totals:
    description: What all groups of a dimension listen to is what everyone does
    relation_type: sum
    parent_where: grouped_by = 'everyone'
    parent_measure: l1_norm
    child_where: grouped_by <> 'everyone'
    child_measure: l1_norm
    keys: [period, period_start, feature]
    split: grouped_by
    suppressed_by: int_listener_dimensions
  listeners_nonzero:
    description: Those not at zero in all groups of a dimension are those of everyone
    relation_type: sum
    parent_where: grouped_by = 'everyone'
    parent_measure: n_nonzero
    child_where: grouped_by <> 'everyone'
    child_measure: n_nonzero
    keys: [period, period_start, feature]
    split: grouped_by
    suppressed_by: int_listener_dimensions
  listeners_hours:
    description: Events of the parts of the day are all events
    relation_type: sum
    parent_where: feature = 'n_events'
    parent_measure: l1_norm
    child_where: feature in ('n_morning', 'n_afternoon', 'n_evening', 'n_night')
    child_measure: l1_norm
    keys: [period, period_start, grouped_by, group_value]
    suppressed_by: int_listener_dimensions
{% endset %}

{{ release(
    declaration,
    ref('candidate_listener_summary'),
    cells=ref('int_listener_groups'),
    verdicts=ref('int_listener_dimensions'),
    verdicts_by=['period_start', 'grouped_by', 'feature'],
) }}
