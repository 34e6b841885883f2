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

profiles as (

    select * from {{ ref('int_subscriber_profiles') }}
    where groupby = 'study' and value is not null

),

area_list as (

    select * from {{ ref('int_area_list') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'study'

),

-- Rows are many here: they are grouped by numbers, and names come back at the end.
homes as (

    select /*+ broadcast(area_list) */
        home_areas.subscriber_id,
        area_list.area_number
    from home_areas
    inner join area_list
        on
            home_areas.area_level = area_list.area_level
            and home_areas.home_area_id = area_list.area_id

),

profiles_kept as (

    select /*+ broadcast(indicator_splits) */
        profiles.subscriber_id,
        profiles.value,
        indicator_splits.indicator_split_id
    from profiles
    inner join indicator_splits
        on
            profiles.indicator = indicator_splits.indicator
            and profiles.statistic = indicator_splits.statistic
            and coalesce(profiles.interaction, 'any') = indicator_splits.interaction
            and profiles.part_of_week = indicator_splits.part_of_week
            and profiles.part_of_day = indicator_splits.part_of_day

),

statistics as (

    select
        homes.area_number,
        profiles_kept.indicator_split_id,
        count(*) as n_with_value,
        count_if(profiles_kept.value > 0) as n_nonzero,
        avg(profiles_kept.value) as mean_value,
        stddev_samp(profiles_kept.value) as standard_deviation,
        sum(profiles_kept.value) as total_value,
        sum(profiles_kept.value * profiles_kept.value) as sum_of_squares,
        sort_array(collect_list(profiles_kept.value)) as values_in_order
    from profiles_kept
    inner join homes
        on profiles_kept.subscriber_id = homes.subscriber_id
    group by
        homes.area_number,
        profiles_kept.indicator_split_id

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
        coalesce(statistics.n_with_value, 0) as n_with_value,
        statistics.mean_value,
        statistics.standard_deviation,
        {{ quantile('statistics.values_in_order', 0.25) }} as first_quartile_value,
        {{ quantile('statistics.values_in_order', 0.5) }} as median_value,
        {{ quantile('statistics.values_in_order', 0.75) }} as third_quartile_value,
        coalesce(statistics.n_nonzero, 0) as n_nonzero,
        coalesce(statistics.total_value, 0) as total_value,
        coalesce(statistics.sum_of_squares, 0) as sum_of_squares,
        coalesce(get(statistics.values_in_order, statistics.n_with_value - 1), 0) as largest_value,
        get(statistics.values_in_order, statistics.n_with_value - 2) as second_largest_value
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
