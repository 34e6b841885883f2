-- What may be published of candidate_contact_matrix, for every pair of areas of a level and week of
-- the study. Where few of those who call are called back, or few are not, reciprocity is null by
-- itself.

{% set pair = ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id'] %}

with

candidates as (

    select
        *,
        {{ table_cell('contact_matrix', pair) }} as table_cell
    from {{ ref('candidate_contact_matrix') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'week'

),

areas as (

    select * from {{ ref('int_area_list') }}

),

cells as (

    select
        periods.period,
        periods.period_start,
        origins.area_level,
        origins.area_id as from_area_id,
        destinations.area_id as to_area_id
    from periods
    cross join areas as origins
    inner join areas as destinations
        on origins.area_level = destinations.area_level

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge('contact_matrix', 'cells', pair) }} as n_subscribers,
        candidates.n_interactions,
        candidates.reciprocity,
        candidates.n_with_reciprocal_ties,
        candidates.n_with_other_ties,
        candidates.people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period_start = candidates.period_start
            and cells.area_level = candidates.area_level
            and cells.from_area_id = candidates.from_area_id
            and cells.to_area_id = candidates.to_area_id

),

cells_judged as (

    select
        cells_counted.*,
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null,
            false
        ) as is_published,
        {{ has_complement_size('0', 'cells_counted.n_with_reciprocal_ties') }}
        and {{ has_complement_size('0', 'cells_counted.n_with_other_ties') }}
            as is_reciprocity_published
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when is_published then {{ released_count('n_interactions') }} end as n_interactions,
        case when is_published and is_reciprocity_published then round(reciprocity, 2) end
            as reciprocity,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
