-- How those who live in an area use their phones. The head count is that of the residents: the head
-- counts of splits lie one in the other and differ by a few. How many have a value is published in
-- steps of min_group_size, and the statistics may be suppressed alone (int_profile_means).

{% set declaration %}
keys:
  period: [study]
  area_level: level
  area_id: area
  indicator: value
  interaction: value
  part_of_week: value
  part_of_day: value
features:
  indicator: active_days
  interaction: callandtext
  part_of_week: allweek
  part_of_day: allday
measures:
  n_subscribers: {rule: head_count}
  n_with_value: {rule: rough_count, where: has_means and n_with_value > 0}
  mean_value:
    {rule: mean, of: n_with_value, where: has_means and n_with_value > 0, significant_digits: true}
  standard_deviation:
    {rule: mean, of: n_with_value, where: has_means and n_with_value > 0, significant_digits: true}
  first_quartile_value:
    {rule: order_statistic, of: n_with_value, where: has_means, significant_digits: true}
  median_value:
    {rule: order_statistic, of: n_with_value, where: has_means, significant_digits: true}
  third_quartile_value:
    {rule: order_statistic, of: n_with_value, where: has_means, significant_digits: true}
moments:
  of_measure: mean_value
  n_contributors: n_nonzero
  total: total_value
  squares: sum_of_squares
  largest: largest_value
  second_largest: second_largest_value
relations:
  profiles_residents:
    description: Profiles are of those who live in the area
    relation_type: sum
    parent: count_residents
    parent_where: period = 'study'
    keys: [period, period_start, area_level, area_id]
{% endset %}

{{ release(
    declaration,
    ref('candidate_profile_summary'),
    values=ref('int_profile_indicator_splits'),
    verdicts=ref('int_profile_means'),
    verdicts_by=['area_level', 'area_id', 'family', 'split_by'],
) }}
