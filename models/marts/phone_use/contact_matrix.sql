-- Between which home areas people call and write. A call is between one area and another of each
-- level, so every level has as many.

{% set declaration %}
keys:
  period: [week]
  area_level: level
  from_area_id: area
  to_area_id: area
measures:
  n_subscribers: {rule: head_count}
  n_interactions:
    rule: number
    areas: same_total
    total: n_interactions
    amounts: n_interactions
    withhold: cell
  reciprocity: {rule: ratio, decimals: 2, parts: [n_with_reciprocal_ties, n_with_other_ties]}
also_head_counts: [n_contacted]
{% endset %}

{{ release(declaration, ref('candidate_contact_matrix')) }}
