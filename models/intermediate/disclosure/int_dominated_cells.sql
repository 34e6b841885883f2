-- Cells whose mean would tell of one person, who makes up more than half of it or nearly all that
-- the second largest does not (macros/privacy/other_measures).

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

)

select * from final
