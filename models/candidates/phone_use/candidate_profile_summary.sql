-- How the residents of an area use the phone: statistics of each indicator of their profiles, per
-- split, over residents who have a value.

with

residents as (

    select * from {{ ref('candidate_count_residents') }}
    where period = 'study'

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

study_values as (

    select * from {{ ref('int_profile_study_values') }}

),

area_list as (

    select * from {{ ref('int_area_list') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'study'

),

-- People with the same home areas at every level. Values are many: they are brought together for
-- such people, by numbers instead of names, and then for areas.
homes as (

    select /*+ broadcast(area_list) */
        home_areas.subscriber_id,
        sort_array(collect_list(area_list.area_number)) as area_numbers
    from home_areas
    inner join area_list
        on
            home_areas.area_level = area_list.area_level
            and home_areas.home_area_id = area_list.area_id
    group by home_areas.subscriber_id

),

values_by_homes as (

    select
        study_values.indicator_split_id,
        homes.area_numbers,
        count_if(study_values.value > 0) as n_nonzero,
        sum(study_values.value) as total_value,
        sum(study_values.value * study_values.value) as sum_of_squares,
        collect_list(study_values.value) as some_values
    from study_values
    inner join homes
        on study_values.subscriber_id = homes.subscriber_id
    group by
        study_values.indicator_split_id,
        homes.area_numbers

),

values_by_homes_and_area as (

    select
        *,
        explode(area_numbers) as area_number
    from values_by_homes

),

statistics as (

    select
        indicator_split_id,
        area_number,
        sum(n_nonzero) as n_nonzero,
        sum(total_value) as total_value,
        sum(sum_of_squares) as sum_of_squares,
        sort_array(flatten(collect_list(some_values))) as values_in_order
    from values_by_homes_and_area
    group by
        indicator_split_id,
        area_number

),

final as (

    select /*+ broadcast(area_list), broadcast(indicator_splits) */
        residents.period,
        residents.period_start,
        residents.area_level,
        residents.area_id,
        indicator_splits.indicator,
        indicator_splits.interaction,
        indicator_splits.part_of_week,
        indicator_splits.part_of_day,
        residents.n_subscribers,
        residents.people_key,
        coalesce(size(statistics.values_in_order), 0) as n_with_value,
        statistics.total_value / size(statistics.values_in_order) as mean_value,
        {{ sample_deviation('statistics.values_in_order', 'statistics.total_value') }}
            as standard_deviation,
        {{ quantile('statistics.values_in_order', 0.25) }} as first_quartile_value,
        {{ quantile('statistics.values_in_order', 0.5) }} as median_value,
        {{ quantile('statistics.values_in_order', 0.75) }} as third_quartile_value,
        coalesce(statistics.n_nonzero, 0) as n_nonzero,
        coalesce(statistics.total_value, 0) as total_value,
        coalesce(statistics.sum_of_squares, 0) as sum_of_squares,
        coalesce(array_max(statistics.values_in_order), 0) as largest_value,
        get(statistics.values_in_order, size(statistics.values_in_order) - 2)
            as second_largest_value
    from residents
    inner join area_list
        on
            residents.area_level = area_list.area_level
            and residents.area_id = area_list.area_id
    cross join indicator_splits
    left join statistics
        on
            area_list.area_number = statistics.area_number
            and indicator_splits.indicator_split_id = statistics.indicator_split_id

)

select * from final
