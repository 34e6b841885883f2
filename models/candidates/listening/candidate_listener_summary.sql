{{ config(enabled=has_feed('listening')) }}

-- How the customers of a group listen: statistics over customers of each count of their profiles
-- (the seed's aggregate table), for everyone and by level, campaign, gender, status and the first
-- three digits of the latest zip. Customers that are not in the list are in no group: their level,
-- campaign, gender and status would all be the same unknown, and these groups could be subtracted
-- from each other. Two features are not published but follow from others: events that were not on a
-- phone, and events that repeat a track. The disclosure rules read them too.

with

profiles as (

    select * from {{ ref('int_listener_profiles') }}
    where is_listed

),

study_periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'study'

),

profiles_by_group as (

    select
        *,
        {{ person_key('customer_id') }} as person_key,
        stack(
            6,
            'everyone', 'everyone',
            'level', level,
            'campaign', campaign,
            'gender', gender,
            'status', status,
            'zip_prefix', coalesce(left(latest_zip, 3), 'unknown')
        ) as (grouped_by, group_value)
    from profiles

),

features_by_group as (

    select
        grouped_by,
        group_value,
        person_key,
        stack(
            9,
            'n_unique_tracks', n_unique_tracks,
            'n_morning', n_morning,
            'n_afternoon', n_afternoon,
            'n_evening', n_evening,
            'n_night', n_night,
            'n_mobile', n_mobile,
            'n_events', n_events,
            'n_not_mobile', n_events - n_mobile,
            'n_repeats', n_events - n_unique_tracks
        ) as (feature, amount)
    from profiles_by_group

),

final as (

    select
        study_periods.period,
        study_periods.period_start,
        features_by_group.grouped_by,
        features_by_group.group_value,
        features_by_group.feature,
        count(*) as n_subscribers,
        sum(features_by_group.person_key) as people_key,
        avg(features_by_group.amount) as mean_value,
        var_samp(features_by_group.amount) as variance,
        stddev_samp(features_by_group.amount) as standard_deviation,
        count_if(features_by_group.amount > 0) as n_nonzero,
        coalesce(
            sum(features_by_group.person_key) filter (where features_by_group.amount > 0), 0
        ) as nonzero_people_key,
        sum(features_by_group.amount) as l1_norm,
        sqrt(sum(features_by_group.amount * features_by_group.amount)) as l2_norm,
        sum(features_by_group.amount * features_by_group.amount) as sum_of_squares,
        max(features_by_group.amount) as largest_amount,
        {{ second_largest('features_by_group.amount') }} as second_largest_amount
    from features_by_group
    cross join study_periods
    group by
        study_periods.period,
        study_periods.period_start,
        features_by_group.grouped_by,
        features_by_group.group_value,
        features_by_group.feature

)

select * from final
