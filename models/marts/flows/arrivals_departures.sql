-- How many of those who were in several areas on a day came to this one, left it, or passed through.
-- Those who were nowhere else are in count_subscribers_single_area.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  area_id: area
  movement: {values: [came, left, passed]}
measures:
  n_subscribers: {rule: head_count}
relations:
  movements_presence:
    description: Present are those seen there alone, and those who came, left and passed through
    relation_type: sum_with_rest
    parent: count_subscribers
    parent_where: period = 'day'
    keys: [period, period_start, area_level, area_id]
    rest:
      mart: count_subscribers_single_area
      keys: [period, period_start, area_level, area_id]
  movements_between:
    description: Whoever leaves one area comes to another
    relation_type: same_sum
    child_where: movement in ('came', 'left')
    keys: [period, period_start, area_level]
    split: movement
  movements_areas:
    description: Who comes to or leaves an area does so in one in it; so do those between two in it
    relation_type: sum_less_rest
    parent_where: movement in ('came', 'left')
    child_where: movement in ('came', 'left')
    keys: [period, period_start, area_level=parent_level, area_id=parent_area_id, movement]
    via: area_parents
  movements_inside:
    description: >
      Who comes to an area from inside has left one inside, so arrivals in the parts and departures
      of the whole are as many as departures from the parts and arrivals in the whole
    relation_type: same_sum
    child_where: movement in ('came', 'left')
    keys: [period, period_start, parent_level, parent_area_id]
    split: (movement = 'came') = (area_level <> parent_level)
    via: area_families
{% endset %}

{{ release(declaration, ref('candidate_arrivals_departures')) }}
