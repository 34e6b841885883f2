-- The features by which subscribers are clustered: indicators over all calls and texts of the study
-- and over all places, raw and standardised (mean 0, standard deviation 1 over all subscribers).
-- Skewed numbers are taken by their logarithm. A missing value counts as the average.

with

activity as (

    select * from {{ ref('int_profile_activity') }}

),

contacts as (

    select * from {{ ref('int_profile_contacts') }}

),

cells as (

    select * from {{ ref('int_profile_cells') }}

),

gyration as (

    select * from {{ ref('int_profile_gyration') }}

),

whole_splits as (

    select
        max(split_id) filter (where interaction = 'callandtext') as calls_and_texts,
        max(split_id) filter (where interaction is null) as places
    from {{ ref('profile_splits') }}
    where part_of_week = 'allweek' and part_of_day = 'allday'

),

-- A subscriber without calls and texts has no phone use to cluster by, and no activity.
features as (

    select
        activity.subscriber_id,
        activity.key_id,
        cast(activity.number_of_interactions as double) as number_of_interactions,
        cast(contacts.number_of_contacts as double) as number_of_contacts,
        cast(activity.active_days as double) as active_days,
        activity.percent_nocturnal,
        contacts.entropy_of_contacts,
        cast(cells.number_of_antennas as double) as number_of_antennas,
        cells.percent_at_home,
        gyration.radius_of_gyration
    from activity
    inner join whole_splits
        on activity.split_id = whole_splits.calls_and_texts
    left join contacts
        on
            activity.subscriber_id = contacts.subscriber_id
            and activity.split_id = contacts.split_id
    left join cells
        on
            activity.subscriber_id = cells.subscriber_id
            and whole_splits.places = cells.split_id
    left join gyration
        on
            activity.subscriber_id = gyration.subscriber_id
            and whole_splits.places = gyration.split_id

),

features_to_compare as (

    select
        *,
        array(
            ln(1 + number_of_interactions),
            ln(1 + number_of_contacts),
            active_days,
            percent_nocturnal,
            entropy_of_contacts,
            ln(1 + number_of_antennas),
            percent_at_home,
            ln(1 + radius_of_gyration)
        ) as amounts
    from features

),

amounts_in_rows as (

    select posexplode(amounts) as (feature, amount)
    from features_to_compare

),

moments as (

    select
        feature,
        avg(amount) as mean,
        stddev_pop(amount) as standard_deviation
    from amounts_in_rows
    group by feature

),

moments_in_order as (

    select sort_array(collect_list(struct(feature, mean, standard_deviation))) as moments
    from moments

),

final as (

    select
        features_to_compare.* except (amounts),
        zip_with(
            features_to_compare.amounts,
            moments_in_order.moments,
            (amount, m) -> coalesce(try_divide(amount - m.mean, m.standard_deviation), 0)
        ) as features
    from features_to_compare
    cross join moments_in_order

)

select * from final
