-- presence_change with names and outlines: one row per day, area and part of its outline, since the
-- polygon layer draws one polygon a row. Joins only: no number is computed here.
with areas as (
    select * from marts.areas where is_current
),
polygons as (
    select
        area_level,
        area_id,
        from_json(
            get_json_object(outline, '$.coordinates'), 'array<array<array<double>>>'
        ) as polygon
    from areas
    where get_json_object(outline, '$.type') = 'Polygon'
    union all
    select
        area_level,
        area_id,
        explode(
            from_json(
                get_json_object(outline, '$.coordinates'), 'array<array<array<array<double>>>>'
            )
        ) as polygon
    from areas
    where get_json_object(outline, '$.type') = 'MultiPolygon'
)
select
    presence_change.*,
    areas.area_name,
    to_json(named_struct('type', 'Polygon', 'coordinates', polygons.polygon)) as outline
from marts.presence_change
inner join areas
    on presence_change.area_level = areas.area_level and presence_change.area_id = areas.area_id
inner join polygons
    on areas.area_level = polygons.area_level and areas.area_id = polygons.area_id
