-- How many people were in an area on a day as estimated, against the same weekday of the baseline.
-- An operator that loses customers and people who phone less do not read as people who left. Of
-- published numbers only.

{{ change_from_baseline(
    ref('count_subscribers_estimated'),
    'day',
    ['area_id'],
    areas=['area_id'],
    number='people_estimated'
) }}
