-- How many more or fewer people were in an area on a day than on the same weekday of the baseline.

{{ change_from_baseline(
    ref('count_subscribers'), 'day', ['area_id'], areas=['area_id'], number='n_subscribers'
) }}
