-- What those who live in an area do at an hour of the day. Everybody lives in one area of each
-- level and does one thing, so every level has as many people at an hour.

{% set declaration %}
keys:
  period: [week]
  area_level: level
  area_id: area
  hour_of_day: {first: 0, last: 23}
  activity: {values: [staying, moving, unknown]}
measures:
  n_subscribers: {rule: head_count, areas: same_total}
  share_of_residents:
    rule: share
    decimals: 4
    part: n_subscribers
    of: n_residents
    of_people_key: residents_key
relations:
  rhythm_residents:
    description: Residents stay or move or are unknown
    relation_type: sum
    parent: count_residents
    parent_where: period = 'week'
    keys: [period, period_start, area_level, area_id]
    split: hour_of_day
    tells_parent: true
{% endset %}

{{ release(declaration, ref('candidate_day_rhythm')) }}
