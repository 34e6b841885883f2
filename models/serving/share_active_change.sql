-- How much more or fewer of the residents of an area were seen on a day than on the same weekday of
-- the baseline.

{{ change_from_baseline(
    ref('share_active'),
    'day',
    ['home_area_id'],
    areas=['home_area_id'],
    number='share_active',
    decimals=4
) }}
