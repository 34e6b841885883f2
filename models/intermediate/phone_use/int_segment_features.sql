-- The features by which subscribers are clustered: indicators over all calls and texts of the study
-- and over all places, raw and standardised (mean 0, standard deviation 1 over all subscribers).
-- Skewed numbers are taken by their logarithm. A missing value counts as the average.

with

profiles as (

    select * from {{ ref('int_subscriber_profiles') }}
    where
        groupby = 'study'
        and statistic = 'value'
        and coalesce(interaction, 'callandtext') = 'callandtext'
        and part_of_week = 'allweek'
        and part_of_day = 'allday'

),

features as (

    select
        subscriber_id,
        key_id,
        max(value) filter (where indicator = 'number_of_interactions') as number_of_interactions,
        max(value) filter (where indicator = 'number_of_contacts') as number_of_contacts,
        max(value) filter (where indicator = 'active_days') as active_days,
        max(value) filter (where indicator = 'percent_nocturnal') as percent_nocturnal,
        max(value) filter (where indicator = 'entropy_of_contacts') as entropy_of_contacts,
        max(value) filter (where indicator = 'number_of_antennas') as number_of_antennas,
        max(value) filter (where indicator = 'percent_at_home') as percent_at_home,
        max(value) filter (where indicator = 'radius_of_gyration') as radius_of_gyration
    from profiles
    group by
        subscriber_id,
        key_id

),

features_to_compare as (

    select
        *,
        stack(
            8,
            1, ln(1 + number_of_interactions),
            2, ln(1 + number_of_contacts),
            3, active_days,
            4, percent_nocturnal,
            5, entropy_of_contacts,
            6, ln(1 + number_of_antennas),
            7, percent_at_home,
            8, ln(1 + radius_of_gyration)
        ) as (feature, amount)
    from features
    -- A subscriber without calls and texts has no phone use to cluster by.
    where number_of_interactions > 0

),

features_standardised as (

    select
        *,
        coalesce(
            try_divide(
                amount - avg(amount) over (partition by feature),
                stddev_pop(amount) over (partition by feature)
            ),
            0
        ) as standardised
    from features_to_compare

),

final as (

    select
        subscriber_id,
        key_id,
        number_of_interactions,
        number_of_contacts,
        active_days,
        percent_nocturnal,
        entropy_of_contacts,
        number_of_antennas,
        percent_at_home,
        radius_of_gyration,
        transform(
            sort_array(collect_list(struct(feature, standardised))), x -> x.standardised
        ) as features
    from features_standardised
    group by
        subscriber_id,
        key_id,
        number_of_interactions,
        number_of_contacts,
        active_days,
        percent_nocturnal,
        entropy_of_contacts,
        number_of_antennas,
        percent_at_home,
        radius_of_gyration

)

select * from final
