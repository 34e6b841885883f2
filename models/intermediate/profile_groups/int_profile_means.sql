-- In which areas the means of an indicator are told, for the splits by the same parts. The sums of
-- the areas of a level are those of any other level: what is missing could be had by subtraction.
-- So areas are left out in the order of int_profile_areas_in_order, those that must be first, until
-- what is left out is nothing or, added up, as fair in every split as a group must be. What comes
-- after is told. Of what is added up only the largest value is known: the second is taken to be as
-- large.

with

areas as (

    select
        *,
        count_if(not is_fair) over (partition by area_level, family, split_by) as n_unfair
    from {{ ref('int_profile_areas_in_order') }}

),

candidates as (

    select * from {{ ref('candidate_profile_summary') }}

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

-- Every split of an area, with people or without.
left_out as (

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

fair_ends as (

    select
        area_level,
        family,
        split_by,
        area_position
    from left_out
    group by
        area_level,
        family,
        split_by,
        area_position
    having bool_and(n_with_value is null or {{ has_fair_values('largest_value') }})

),

areas_with_ends as (

    select
        areas.*,
        min(fair_ends.area_position) over (
            partition by areas.area_level, areas.family, areas.split_by
        ) as last_position
    from areas
    left join fair_ends
        on
            areas.area_level = fair_ends.area_level
            and areas.family = fair_ends.family
            and areas.split_by = fair_ends.split_by
            and areas.area_position = fair_ends.area_position
            and areas.n_unfair <= fair_ends.area_position

),

-- Where no end is fair all areas are left out.
final as (

    select
        area_level,
        area_id,
        family,
        split_by,
        n_unfair = 0 or coalesce(area_position > last_position, false) as is_told
    from areas_with_ends

)

select * from final
