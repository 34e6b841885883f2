-- The segment of each subscriber: the nearest centre, ties to the first.

with

features as (

    select * from {{ ref('int_segment_features') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

distances as (

    select /*+ broadcast(segments) */
        features.* except (features),
        segments.segment,
        aggregate(
            zip_with(features.features, segments.centre, (one, other) -> power(one - other, 2)),
            0D,
            (total, square) -> total + square
        ) as squared_distance
    from features
    cross join segments

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
        min_by(segment, struct(squared_distance, segment)) as segment
    from distances
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
