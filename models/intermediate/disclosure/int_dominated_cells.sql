-- Cells whose mean would tell of one person, who makes up more than half of it or nearly all that
-- the second largest does not (macros/privacy/other_measures). A group of listeners is one cell
-- with all its features: one of them is enough. And calls of many to a few.

with

stay_durations as (

    select
        *,
        {{ table_cell('stay_durations', ['period', 'period_start', 'area_level', 'area_id']) }}
            as table_cell
    from {{ ref('candidate_stay_durations') }}

),

journeys_od as (

    select
        *,
        {{ table_cell(
            'journeys_od',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as table_cell
    from {{ ref('candidate_journeys_od') }}

),

listener_summary as (

    select
        *,
        {{ table_cell(
            'listener_summary',
            ['period', 'period_start', 'grouped_by', 'group_value']
        ) }} as table_cell
    from {{ ref('candidate_listener_summary') }}

),

contact_matrix as (

    select
        *,
        {{ table_cell(
            'contact_matrix',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as table_cell
    from {{ ref('candidate_contact_matrix') }}

),

final as (

    select table_cell
    from stay_durations
    where
        not {{ is_not_dominated(
            'total_at_least_minutes',
            'largest_at_least_minutes',
            'second_largest_at_least_minutes'
        ) }}

    union all

    select table_cell
    from journeys_od
    where
        not {{ is_not_dominated(
            'total_distance_km',
            'largest_distance_km',
            'second_largest_distance_km'
        ) }}
        or not {{ is_not_dominated(
            'total_at_most_minutes',
            'largest_at_most_minutes',
            'second_largest_at_most_minutes'
        ) }}

    union all

    select table_cell
    from listener_summary
    where
        not {{ has_fair_moments(
            'n_nonzero',
            'l1_norm',
            'sum_of_squares',
            'largest_amount',
            'second_largest_amount'
        ) }}
    group by table_cell

    union all

    select table_cell
    from contact_matrix
    where
        not {{ has_min_group_size('n_contacted') }}
        or not {{ is_not_dominated(
            'n_interactions', 'largest_n_interactions', 'second_largest_n_interactions'
        ) }}

)

select * from final
