-- How much people in an area call, text and use data. Everybody present made an event, so a
-- published head count nearly tells the number of events: a cell is withheld in count_events and in
-- count_subscribers, or in neither.

{% set declaration %}
keys:
  period: [hour, day]
  area_level: level
  area_id: area
measures:
  n_subscribers: {rule: head_count}
  n_events: {rule: number, areas: sum, periods: sum}
late_data: n_events
relations:
  events_heads:
    description: Both count the same people
    relation_type: sum
    parent: count_subscribers
    parent_where: period in ('hour', 'day')
    keys: [period, period_start, area_level, area_id]
{% endset %}

{{ release(declaration, ref('candidate_count_events')) }}
