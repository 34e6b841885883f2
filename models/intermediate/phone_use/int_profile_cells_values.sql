{{ config(materialized='view') }}

-- Indicators of places, one row each: of the study, and of its weeks.

with

cells as (

    select * from {{ ref('int_profile_cells') }}

),

gyration as (

    select * from {{ ref('int_profile_gyration') }}

),

final as (

    select
        subscriber_id,
        key_id,
        'study' as groupby,
        split_id,
        stack(
            4,
            'number_of_antennas', 'value', cast(number_of_antennas as double),
            'entropy_of_antennas', 'value', entropy_of_antennas,
            'percent_at_home', 'value', percent_at_home,
            'frequent_antennas', 'value', cast(frequent_antennas as double)
        ) as (indicator, statistic, value)
    from cells

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            8,
            'number_of_antennas', 'mean', number_of_antennas_week_mean,
            'number_of_antennas', 'std', number_of_antennas_week_std,
            'entropy_of_antennas', 'mean', entropy_of_antennas_week_mean,
            'entropy_of_antennas', 'std', entropy_of_antennas_week_std,
            'percent_at_home', 'mean', percent_at_home_week_mean,
            'percent_at_home', 'std', percent_at_home_week_std,
            'frequent_antennas', 'mean', frequent_antennas_week_mean,
            'frequent_antennas', 'std', frequent_antennas_week_std
        ) as (indicator, statistic, value)
    from cells

    union all

    select
        subscriber_id,
        key_id,
        'study' as groupby,
        split_id,
        stack(
            1,
            'radius_of_gyration', 'value', radius_of_gyration
        ) as (indicator, statistic, value)
    from gyration

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            2,
            'radius_of_gyration', 'mean', radius_of_gyration_week_mean,
            'radius_of_gyration', 'std', radius_of_gyration_week_std
        ) as (indicator, statistic, value)
    from gyration

)

select * from final
