{{ config(meta={'retention': 'candidates'}) }}

-- Kinds of users: the centres of the clusters that k-means finds, in standard deviations, in order
-- of their numbers of interactions. Of 3 to 8 clusters the number with the best silhouette. A
-- Python function, because k-means repeats until nothing changes. It has everybody in the memory of
-- one worker: so of more than 20,000 subscribers as many are looked at, drawn by their keys.

with

features as (

    select * from {{ ref('int_segment_features') }}

),

sample as (

    select
        {{ person_key('subscriber_id') }} as person_key,
        features
    from features
    order by person_key asc
    limit 20000

),

clusters as (

    select
        {{ segments_of(
            'transform(sort_array(collect_list(struct(person_key, features))), x -> x.features)'
        ) }} as segmentation
    from sample

),

centres as (

    select
        posexplode(segmentation.centres) as (centre_index, centre),
        segmentation.silhouette
    from clusters

),

final as (

    select
        centre_index + 1 as segment,
        centre,
        silhouette
    from centres

)

select * from final
