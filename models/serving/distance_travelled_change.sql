-- How much farther or less far the residents of an area moved on a day than on the same weekday of
-- the baseline.

{{ change_from_baseline(
    ref('distance_travelled'),
    'day',
    ['home_area_id'],
    areas=['home_area_id'],
    number='mean_travelled_km'
) }}
