{{ config(meta={'retention': 'candidates'}) }}

-- Per area and segment: are all means published, or none? The segments of an area add up to its
-- profile_summary, and the areas of each level have the same sum. So the suppressed segments of an
-- area, and the suppressed areas of a segment on a level, must together pass the rules of a
-- published group; else all of them are suppressed. A sum of two groups that pass the rules passes
-- them too: the second step does not undo the first.

with

candidates as (

    select
        *,
        {{ table_cell(
            'profile_segments',
            ['period', 'period_start', 'area_level', 'area_id', 'segment']
        ) }} as table_cell
    from {{ ref('candidate_profile_segments') }}

),

withheld_cells as (

    {{ withheld_cells_of('profile_segments') }}

),

rows_judged as (

    select
        candidates.*,
        {{ has_min_group_size('candidates.n_subscribers') }}
        and withheld_cells.table_cell is null
        and {{ passes_value_rules('second_largest_value') }} as passes_rules
    from candidates
    left join withheld_cells
        on candidates.table_cell = withheld_cells.table_cell

),

cells_judged as (

    select
        *,
        bool_and(passes_rules) over (partition by area_level, area_id, segment) as table_cell_passes
    from rows_judged

),

missing_in_areas as (

    select
        area_level,
        area_id,
        indicator,
        sum(n_with_value) as n_with_value,
        sum(n_nonzero) as n_nonzero,
        sum(total_value) as total_value,
        sum(sum_of_squares) as sum_of_squares,
        max(largest_value) as largest_value
    from cells_judged
    where not table_cell_passes
    group by
        area_level,
        area_id,
        indicator

),

failing_areas as (

    select distinct
        area_level,
        area_id
    from missing_in_areas
    where not {{ passes_value_rules('largest_value') }}

),

cells_of_areas as (

    select
        cells_judged.*,
        cells_judged.table_cell_passes and failing_areas.area_id is null as passes_in_area
    from cells_judged
    left join failing_areas
        on
            cells_judged.area_level = failing_areas.area_level
            and cells_judged.area_id = failing_areas.area_id

),

missing_of_segments as (

    select
        area_level,
        segment,
        indicator,
        sum(n_with_value) as n_with_value,
        sum(n_nonzero) as n_nonzero,
        sum(total_value) as total_value,
        sum(sum_of_squares) as sum_of_squares,
        max(largest_value) as largest_value
    from cells_of_areas
    where not passes_in_area
    group by
        area_level,
        segment,
        indicator

),

failing_segments as (

    select distinct
        area_level,
        segment
    from missing_of_segments
    where not {{ passes_value_rules('largest_value') }}

),

final as (

    select distinct
        cells_of_areas.area_level,
        cells_of_areas.area_id,
        cells_of_areas.segment,
        cells_of_areas.passes_in_area and failing_segments.segment is null as has_means
    from cells_of_areas
    left join failing_segments
        on
            cells_of_areas.area_level = failing_segments.area_level
            and cells_of_areas.segment = failing_segments.segment

)

select * from final
