-- How many more or fewer came to an area and left it on a day than on the same weekday of the
-- baseline.

{{ change_from_baseline(
    ref('flows_in_out'), 'day', ['area_id', 'direction'], areas=['area_id'], number='n_moved'
) }}
