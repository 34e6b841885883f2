-- The order in which int_profile_means suppresses areas, per indicator and set of splits by the
-- same parts (day and night; calls and texts by day and by night). The splits of a set are
-- published or suppressed together, since they add up. Areas where a split is suppressed, or where
-- its values fail minimum frequency or dominance, come first. Among groups of about the same size a
-- keyed order decides.

with

candidates as (

    select
        *,
        {{ table_cell('profile_summary', ['period', 'period_start', 'area_level', 'area_id']) }}
            as table_cell
    from {{ ref('candidate_profile_summary') }}

),

withheld_cells as (

    {{ withheld_cells_of('profile_summary') }}

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

candidates_judged as (

    select
        candidates.area_level,
        candidates.area_id,
        candidates.n_subscribers,
        candidates.people_key,
        indicator_splits.family,
        indicator_splits.split_by,
        {{ has_min_group_size('candidates.n_subscribers') }}
        and withheld_cells.table_cell is null
        and {{ passes_value_rules('second_largest_value') }} as passes_rules
    from candidates
    inner join indicator_splits
        on
            candidates.indicator = indicator_splits.indicator
            and candidates.interaction = indicator_splits.interaction
            and candidates.part_of_week = indicator_splits.part_of_week
            and candidates.part_of_day = indicator_splits.part_of_day
    left join withheld_cells
        on candidates.table_cell = withheld_cells.table_cell

),

areas_judged as (

    select
        area_level,
        area_id,
        family,
        split_by,
        bool_and(passes_rules) as passes_rules,
        max(n_subscribers) as n_subscribers,
        max_by(people_key, struct(n_subscribers, people_key)) as people_key
    from candidates_judged
    group by
        area_level,
        area_id,
        family,
        split_by

),

final as (

    select
        area_level,
        area_id,
        family,
        split_by,
        passes_rules,
        row_number() over (
            partition by area_level, family, split_by
            order by
                passes_rules asc,
                floor(log2(n_subscribers)) asc,
                xxhash64(area_id, people_key) asc,
                area_id asc
        ) as area_position
    from areas_judged

)

select * from final
