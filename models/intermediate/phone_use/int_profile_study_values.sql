{{ config(materialized='view') }}

-- The numbers of int_subscriber_profiles that profile_summary publishes, by number instead of by
-- name: the study's, of the indicators and splits of int_profile_indicator_splits. A view, because
-- it is long and read only once.

with

profiles as (

    select * from {{ ref('int_subscriber_profiles') }}
    where groupby = 'study' and value is not null

),

indicator_splits as (

    select * from {{ ref('int_profile_indicator_splits') }}

),

final as (

    select /*+ broadcast(indicator_splits) */
        profiles.subscriber_id,
        profiles.key_id,
        indicator_splits.indicator_split_id,
        profiles.value
    from profiles
    inner join indicator_splits
        on
            profiles.indicator = indicator_splits.indicator
            and profiles.statistic = indicator_splits.statistic
            and coalesce(profiles.interaction, 'any') = indicator_splits.interaction
            and profiles.part_of_week = indicator_splits.part_of_week
            and profiles.part_of_day = indicator_splits.part_of_day

)

select * from final
