-- What may be published of candidate_listener_summary, for every group and feature; no row before a
-- feed has landed, or its first release would be a revision of an empty one.
-- A group is published with all its features or not at all, since features add up to each other.

{% set group_cell = ['period', 'period_start', 'grouped_by', 'group_value'] %}

with

candidates as (

    select
        *,
        {{ table_cell('listener_summary', group_cell) }} as table_cell
    from {{ ref('candidate_listener_summary') }}

),

withheld_cells as (

    select * from {{ ref('int_withheld_cells') }}

),

kinds as (

    select * from {{ ref('int_listener_kinds') }}

),

groups as (

    select * from {{ ref('int_listener_groups') }}

),

cells as (

    select groups.*
    from groups
    left semi join candidates
        on groups.period_start = candidates.period_start

),

cells_counted as (

    select
        cells.*,
        {{ count_to_judge('listener_summary', 'cells', group_cell + ['feature']) }}
            as n_subscribers,
        candidates.mean_value,
        candidates.variance,
        candidates.standard_deviation,
        candidates.n_nonzero,
        candidates.l1_norm,
        candidates.l2_norm,
        candidates.people_key,
        candidates.nonzero_people_key,
        candidates.table_cell
    from cells
    left join candidates
        on
            cells.period = candidates.period
            and cells.period_start = candidates.period_start
            and cells.grouped_by = candidates.grouped_by
            and cells.group_value = candidates.group_value
            and cells.feature = candidates.feature

),

cells_judged as (

    select
        cells_counted.*,
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null
            and kinds.is_kind_published,
            false
        ) as is_published,
        kinds.is_nonzero_published
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell
    left join kinds
        on
            cells_counted.period_start = kinds.period_start
            and cells_counted.grouped_by = kinds.grouped_by
            and cells_counted.feature = kinds.feature

),

final as (

    select
        period,
        period_start,
        grouped_by,
        group_value,
        feature,
        case when is_published then {{ released_count('n_subscribers') }} end as n_subscribers,
        case when is_published then round(mean_value, {{ moment_decimals() }}) end as mean_value,
        case when is_published then round(variance, {{ moment_decimals() }}) end as variance,
        case
            when is_published then round(standard_deviation, {{ moment_decimals() }})
        end as standard_deviation,
        case
            when is_published and is_nonzero_published
                then {{ released_count('n_nonzero', 'nonzero_people_key') }}
        end as n_nonzero,
        case when is_published and {{ has_exact_counts() }} then l1_norm end as l1_norm,
        case when is_published and {{ has_exact_counts() }} then round(l2_norm, 2) end as l2_norm,
        not is_published as is_suppressed,
        table_cell
    from cells_judged

)

select * from final
