-- count_subscribers_change with names and outlines: one row per day, area and part of its outline, since the
-- polygon layer draws one polygon a row. Joins only: no number is computed here. The reader server
-- has no functions that read JSON, so parts are cut out of the text: of an area the first 400.
with areas as (
    select
        area_level,
        area_id,
        area_name,
        outline,
        substring(
            outline, instr(outline, '[[[[') + 4, length(outline) - instr(outline, '[[[[') - 8
        ) as parts
    from marts.areas
    where is_current
),
digits as (
    select * from values
        (0), (1), (2), (3), (4), (5), (6), (7), (8), (9),
        (10), (11), (12), (13), (14), (15), (16), (17), (18), (19) as twenty (digit)
),
numbers as (
    select 20 * tens.digit + ones.digit + 1 as part_number
    from digits as tens
    cross join digits as ones
),
polygons as (
    select
        area_level,
        area_id,
        area_name,
        outline
    from areas
    where contains(outline, '"Polygon"')
    union all
    select
        areas.area_level,
        areas.area_id,
        areas.area_name,
        concat(
            '{"type":"Polygon","coordinates":[[[',
            split_part(areas.parts, ']]],[[[', numbers.part_number),
            ']]]}'
        ) as outline
    from areas
    inner join numbers
        on split_part(areas.parts, ']]],[[[', numbers.part_number) <> ''
    where contains(areas.outline, '"MultiPolygon"')
)
select
    count_subscribers_change.*,
    polygons.area_name,
    polygons.outline
from marts.count_subscribers_change
inner join polygons
    on
        count_subscribers_change.area_level = polygons.area_level
        and count_subscribers_change.area_id = polygons.area_id
