-- How many of those who live in an area were seen on a day. Those not seen are residents less
-- these: nothing is published where they are few.

{% set declaration %}
keys:
  period: [day]
  area_level: level
  home_area_id: area
measures:
  n_subscribers: {rule: head_count, areas: same_total}
complements: [n_not_seen]
relations:
  active_total:
    description: Everybody seen on a day of the reference period lives somewhere
    relation_type: sum
    parent: total_subscribers
    parent_where: period = 'day'
    reference: inside
    keys: [period, period_start]
    split: area_level
  active_total_later:
    description: Seen on a day are those who lived somewhere, and who came later
    relation_type: sum_with_rest
    parent: total_subscribers
    parent_where: period = 'day'
    reference: outside
    keys: [period, period_start]
    split: area_level
{% endset %}

{{ release(declaration, ref('candidate_count_active_residents')) }}
