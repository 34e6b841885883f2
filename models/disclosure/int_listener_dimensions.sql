{{ config(enabled=has_feed('listening'), meta={'retention': 'candidates'}) }}

-- Per dimension (level, zip prefix) and feature of listener_summary: is it published, or withheld?
-- Everyone minus the published groups of a dimension gives the suppressed groups together. The
-- residual rule makes these at least min_group_size people; here their sums must also pass the
-- rules of a published group. Where they fail, the whole dimension is withheld, so that there is
-- nothing to subtract from. n_nonzero is published in all groups of a dimension or in none: only
-- where those at zero are no small group, neither in a published group nor in the suppressed groups
-- together.

with

candidates as (

    select
        *,
        {{ table_cell(
            'listener_summary',
            ['period', 'period_start', 'grouped_by', 'group_value']
        ) }} as table_cell
    from {{ ref('candidate_listener_summary') }}

),

withheld_cells as (

    {{ withheld_cells_of('listener_summary') }}

),

groups_judged as (

    select
        candidates.*,
        {{ has_min_group_size('candidates.n_subscribers') }}
        and withheld_cells.table_cell is null as is_published
    from candidates
    left join withheld_cells
        on candidates.table_cell = withheld_cells.table_cell

),

missing as (

    select
        period_start,
        grouped_by,
        feature,
        sum(n_subscribers) as n_subscribers,
        sum(n_nonzero) as n_nonzero,
        sum(l1_norm) as l1_norm,
        sum(sum_of_squares) as sum_of_squares,
        max(largest_amount) as largest_amount,
        try_element_at(
            sort_array(
                flatten(collect_list(array(largest_amount, second_largest_amount))), false
            ),
            2
        ) as second_largest_amount
    from groups_judged
    where not is_published
    group by
        period_start,
        grouped_by,
        feature

),

dimensions as (

    select
        period_start,
        grouped_by,
        feature,
        bool_and(
            not is_published or {{ has_complement_size('n_nonzero', 'n_subscribers') }}
        ) as has_complements
    from groups_judged
    group by
        period_start,
        grouped_by,
        feature

),

final as (

    select
        dimensions.period_start,
        dimensions.grouped_by,
        dimensions.feature,
        bool_and(
            missing.feature is null
            or {{ passes_moment_rules(
                'missing.n_nonzero',
                'missing.l1_norm',
                'missing.sum_of_squares',
                'missing.largest_amount',
                'missing.second_largest_amount'
            ) }}
        ) over (
            partition by dimensions.period_start, dimensions.grouped_by
        ) as is_dimension_published,
        dimensions.has_complements
        and (
            missing.feature is null
            or {{ has_complement_size('missing.n_nonzero', 'missing.n_subscribers') }}
        ) as is_nonzero_published
    from dimensions
    left join missing
        on
            dimensions.period_start = missing.period_start
            and dimensions.grouped_by = missing.grouped_by
            and dimensions.feature = missing.feature

)

select * from final
