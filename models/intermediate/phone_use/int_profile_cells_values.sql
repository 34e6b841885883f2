{{ config(materialized='view') }}

-- Indicators of places, one row each: of the study, and of its weeks as mean and standard deviation
-- over the weeks that have a value.

with

cells as (

    select * from {{ ref('int_profile_cells') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(number_of_antennas) as number_of_antennas_mean,
        stddev_pop(number_of_antennas) as number_of_antennas_std,
        avg(entropy_of_antennas) as entropy_of_antennas_mean,
        stddev_pop(entropy_of_antennas) as entropy_of_antennas_std,
        avg(percent_at_home) as percent_at_home_mean,
        stddev_pop(percent_at_home) as percent_at_home_std,
        avg(frequent_antennas) as frequent_antennas_mean,
        stddev_pop(frequent_antennas) as frequent_antennas_std
    from cells
    where week_start is not null
    group by
        subscriber_id,
        key_id,
        split_id

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
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            8,
            'number_of_antennas', 'mean', number_of_antennas_mean,
            'number_of_antennas', 'std', number_of_antennas_std,
            'entropy_of_antennas', 'mean', entropy_of_antennas_mean,
            'entropy_of_antennas', 'std', entropy_of_antennas_std,
            'percent_at_home', 'mean', percent_at_home_mean,
            'percent_at_home', 'std', percent_at_home_std,
            'frequent_antennas', 'mean', frequent_antennas_mean,
            'frequent_antennas', 'std', frequent_antennas_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
