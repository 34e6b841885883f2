{{ config(materialized='view') }}

-- Indicators of distance, one row each: of the study, and of its weeks as mean and standard
-- deviation over the weeks that have a value.

with

gyration as (

    select * from {{ ref('int_profile_gyration') }}

),

weeks as (

    select
        subscriber_id,
        key_id,
        split_id,
        avg(radius_of_gyration) as radius_of_gyration_mean,
        stddev_pop(radius_of_gyration) as radius_of_gyration_std
    from gyration
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
            1,
            'radius_of_gyration', 'value', radius_of_gyration
        ) as (indicator, statistic, value)
    from gyration
    where week_start is null

    union all

    select
        subscriber_id,
        key_id,
        'week' as groupby,
        split_id,
        stack(
            2,
            'radius_of_gyration', 'mean', radius_of_gyration_mean,
            'radius_of_gyration', 'std', radius_of_gyration_std
        ) as (indicator, statistic, value)
    from weeks

)

select * from final
