-- How many more or fewer people went from one area to another on a day than on the same weekday of
-- the baseline.

{{ change_from_baseline(
    ref('od_matrix_directed_all_pairs'),
    'day',
    ['from_area_id', 'to_area_id'],
    areas=['from_area_id', 'to_area_id'],
    number='n_subscribers'
) }}
