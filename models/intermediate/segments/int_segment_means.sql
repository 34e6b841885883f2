{{ config(meta={'retention': 'candidates'}) }}

-- Of which segments of an area the means are told, all or none. The segments of an area add up to
-- its profile_summary, and the areas of a level to those of any other: what is missing of an area,
-- and of a segment in the areas of a level, must together be as fair as a group, or all of it is
-- missing. What is fair, with a fair group added, is fair: the second step does not undo the first.

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

    select * from {{ ref('int_withheld_cells') }}

),

rows_judged as (

    select
        candidates.*,
        {{ has_min_group_size('candidates.n_subscribers') }}
        and withheld_cells.table_cell is null
        and {{ has_fair_values('second_largest_value') }} as is_fair
    from candidates
    left join withheld_cells
        on candidates.table_cell = withheld_cells.table_cell

),

cells_judged as (

    select
        *,
        bool_and(is_fair) over (partition by area_level, area_id, segment) as is_cell_fair
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
    where not is_cell_fair
    group by
        area_level,
        area_id,
        indicator

),

unfair_areas as (

    select distinct
        area_level,
        area_id
    from missing_in_areas
    where not {{ has_fair_values('largest_value') }}

),

cells_of_areas as (

    select
        cells_judged.*,
        cells_judged.is_cell_fair and unfair_areas.area_id is null as is_area_fair
    from cells_judged
    left join unfair_areas
        on
            cells_judged.area_level = unfair_areas.area_level
            and cells_judged.area_id = unfair_areas.area_id

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
    where not is_area_fair
    group by
        area_level,
        segment,
        indicator

),

unfair_segments as (

    select distinct
        area_level,
        segment
    from missing_of_segments
    where not {{ has_fair_values('largest_value') }}

),

final as (

    select distinct
        cells_of_areas.area_level,
        cells_of_areas.area_id,
        cells_of_areas.segment,
        cells_of_areas.is_area_fair and unfair_segments.segment is null as is_told
    from cells_of_areas
    left join unfair_segments
        on
            cells_of_areas.area_level = unfair_segments.area_level
            and cells_of_areas.segment = unfair_segments.segment

)

select * from final
