-- How far the phones of those who live in an area moved on a day or in a week. Its people are those
-- of count_active_residents (day) and count_residents (week); the mean and the standard deviation
-- may be withheld alone (int_distance_means).

{% set declaration %}
keys:
  period: [day, week]
  area_level: level
  home_area_id: area
measures:
  n_subscribers: {rule: head_count, areas: same_total}
  mean_travelled_km: {rule: moment, of: n_subscribers, where: has_means}
  standard_deviation_travelled_km: {rule: moment, of: n_subscribers, where: has_means}
  median_travelled_km: {rule: order_statistic, of: n_subscribers, where: has_means}
moments:
  of_measure: mean_travelled_km
  n_contributors: n_travellers
  total: total_travelled_km
  squares: sum_of_squares
  largest: largest_travelled_km
  second_largest: second_largest_travelled_km
relations:
  distance_residents:
    description: Who lives in the area in the week has a distance
    relation_type: sum
    parent: count_residents
    parent_where: period = 'week'
    child_where: period = 'week'
    keys: [period, period_start, area_level, area_id=home_area_id]
  distance_active:
    description: Who is seen on a day has a distance
    relation_type: sum
    parent: count_active_residents
    child_where: period = 'day'
    keys: [period, period_start, area_level, home_area_id]
{% endset %}

{{ release(
    declaration,
    ref('candidate_distance_travelled'),
    verdicts=ref('int_distance_means'),
    verdicts_by=['period', 'period_start', 'area_level', 'home_area_id'],
) }}
