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

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'study'

),

profiles_kept as (

    select /*+ broadcast(indicator_splits) */
        profiles.subscriber_id,
        profiles.value,
        indicator_splits.indicator,
        indicator_splits.interaction,
        indicator_splits.part_of_week,
        indicator_splits.part_of_day
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
        home_areas.area_level,
        home_areas.home_area_id as area_id,
        profiles_kept.interaction,
        profiles_kept.part_of_week,
        profiles_kept.part_of_day,
        profiles_kept.indicator,
        count(*) as n_with_value,
        count_if(profiles_kept.value > 0) as n_nonzero,
        avg(profiles_kept.value) as mean_value,
        stddev_samp(profiles_kept.value) as standard_deviation,
        percentile(profiles_kept.value, array(0.25, 0.5, 0.75)) as quartiles,
        sum(profiles_kept.value) as total_value,
        sum(profiles_kept.value * profiles_kept.value) as sum_of_squares,
        max(profiles_kept.value) as largest_value,
        {{ second_largest('profiles_kept.value') }} as second_largest_value
    from profiles_kept
    inner join home_areas
        on profiles_kept.subscriber_id = home_areas.subscriber_id
    group by
        home_areas.area_level,
        home_areas.home_area_id,
        profiles_kept.interaction,
        profiles_kept.part_of_week,
        profiles_kept.part_of_day,
        profiles_kept.indicator

),

final as (

    select
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
        statistics.quartiles[0] as first_quartile_value,
        statistics.quartiles[1] as median_value,
        statistics.quartiles[2] as third_quartile_value,
        coalesce(statistics.n_nonzero, 0) as n_nonzero,
        coalesce(statistics.total_value, 0) as total_value,
        coalesce(statistics.sum_of_squares, 0) as sum_of_squares,
        coalesce(statistics.largest_value, 0) as largest_value,
        statistics.second_largest_value
    from residents
    cross join indicator_splits
    left join statistics
        on
            residents.area_level = statistics.area_level
            and residents.area_id = statistics.area_id
            and indicator_splits.interaction = statistics.interaction
            and indicator_splits.part_of_week = statistics.part_of_week
            and indicator_splits.part_of_day = statistics.part_of_day
            and indicator_splits.indicator = statistics.indicator

)

select * from final
