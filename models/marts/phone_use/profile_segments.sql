-- Which kinds of users live in an area. The means may be withheld alone (int_segment_means).

{% set declaration %}
keys:
  period: [study]
  area_level: level
  area_id: area
  segment: value
  indicator:
    values:
      - number_of_interactions
      - number_of_contacts
      - active_days
      - percent_nocturnal
      - entropy_of_contacts
      - number_of_antennas
      - percent_at_home
      - radius_of_gyration
features: {indicator: number_of_interactions}
measures:
  n_subscribers: {rule: head_count, areas: same_total}
  mean_value: {rule: mean, of: n_with_value, where: has_means, significant_digits: true}
moments:
  of_measure: mean_value
  n_contributors: n_nonzero
  total: total_value
  squares: sum_of_squares
  largest: largest_value
  second_largest: second_largest_value
relations:
  segments_residents:
    description: Segments of an area are those of its residents who call or write
    relation_type: sum_with_rest
    parent: count_residents
    parent_where: period = 'study'
    keys: [period, period_start, area_level, area_id]
{% endset %}

{{ release(
    declaration,
    ref('candidate_profile_segments'),
    values=ref('int_segments'),
    verdicts=ref('int_segment_means'),
    verdicts_by=['area_level', 'area_id', 'segment'],
) }}
