{{ config(meta={'retention': 'candidates'}) }}

-- What a reader of listener_summary gets by subtracting the published groups of a kind (levels, zip
-- prefixes) from everyone: the groups that are missing, together. The residual rule sees to it that
-- they are min_group_size people or more; here their sums are held to the same rule as those of a
-- group. Where they would tell of one person, the whole kind is withheld: then there is nothing to
-- subtract.
-- How many are not zero is told of all published groups of a kind or of none, and only where those
-- who are zero are no small group either, the missing ones together included.

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

    select * from {{ ref('int_withheld_cells') }}

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

kinds as (

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
        kinds.period_start,
        kinds.grouped_by,
        kinds.feature,
        bool_and(
            missing.feature is null
            or {{ has_fair_moments(
                'missing.n_nonzero',
                'missing.l1_norm',
                'missing.sum_of_squares',
                'missing.largest_amount',
                'missing.second_largest_amount'
            ) }}
        ) over (partition by kinds.period_start, kinds.grouped_by) as is_kind_published,
        kinds.has_complements
        and (
            missing.feature is null
            or {{ has_complement_size('missing.n_nonzero', 'missing.n_subscribers') }}
        ) as is_nonzero_published
    from kinds
    left join missing
        on
            kinds.period_start = missing.period_start
            and kinds.grouped_by = missing.grouped_by
            and kinds.feature = missing.feature

)

select * from final
