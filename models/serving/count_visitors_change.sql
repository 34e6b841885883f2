-- How many more or fewer visitors an area had on a day than on the same weekday of the baseline.

{{ change_from_baseline(
    ref('count_visitors'), 'day', ['area_id'], areas=['area_id'], number='n_subscribers'
) }}
