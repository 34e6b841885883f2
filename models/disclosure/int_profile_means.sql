-- Per area, indicator and set of splits by the same parts: are the means published? The areas of
-- every level have the same sum, so the suppressed areas of a level together can be had by
-- subtraction. Where any area fails the rules, areas are therefore suppressed in the order of
-- int_profile_areas_in_order, the failing ones first, until their sum passes the rules of a
-- published group in every split. The other areas are published. Of such a sum only the largest
-- value is known: the second largest is assumed to be equal to it.

with

areas as (

    select
        *,
        count_if(not passes_rules) over (partition by area_level, family, split_by) as n_failing
    from {{ ref('int_profile_areas_in_order') }}

),

candidates as (

    select * from {{ ref('candidate_profile_summary') }}

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

-- Every split of an area, including those without people.
suppressed as (

    select
        areas.area_level,
        areas.family,
        areas.split_by,
        areas.area_position,
        sum(candidates.n_with_value) over up_to_here as n_with_value,
        sum(candidates.n_nonzero) over up_to_here as n_nonzero,
        sum(candidates.total_value) over up_to_here as total_value,
        sum(candidates.sum_of_squares) over up_to_here as sum_of_squares,
        max(candidates.largest_value) over up_to_here as largest_value
    from areas
    inner join indicator_splits
        on
            areas.family = indicator_splits.family
            and areas.split_by = indicator_splits.split_by
    left join candidates
        on
            areas.area_level = candidates.area_level
            and areas.area_id = candidates.area_id
            and indicator_splits.indicator = candidates.indicator
            and indicator_splits.interaction = candidates.interaction
            and indicator_splits.part_of_week = candidates.part_of_week
            and indicator_splits.part_of_day = candidates.part_of_day
    window
        up_to_here as (
            partition by
                areas.area_level,
                indicator_splits.indicator,
                indicator_splits.interaction,
                indicator_splits.part_of_week,
                indicator_splits.part_of_day
            order by areas.area_position
            rows between unbounded preceding and current row
        )

),

passing_ends as (

    select
        area_level,
        family,
        split_by,
        area_position
    from suppressed
    group by
        area_level,
        family,
        split_by,
        area_position
    having bool_and(n_with_value is null or {{ passes_value_rules('largest_value') }})

),

areas_with_ends as (

    select
        areas.*,
        min(passing_ends.area_position) over (
            partition by areas.area_level, areas.family, areas.split_by
        ) as last_position
    from areas
    left join passing_ends
        on
            areas.area_level = passing_ends.area_level
            and areas.family = passing_ends.family
            and areas.split_by = passing_ends.split_by
            and areas.area_position = passing_ends.area_position
            and areas.n_failing <= passing_ends.area_position

),

-- Where no position passes the rules, all areas are suppressed.
final as (

    select
        area_level,
        area_id,
        family,
        split_by,
        n_failing = 0 or coalesce(area_position > last_position, false) as has_means
    from areas_with_ends

)

select * from final
