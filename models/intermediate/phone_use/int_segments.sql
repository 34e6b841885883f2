{{ config(meta={'retention': 'candidates'}) }}

-- Segments of subscribers by phone use: the centres of the clusters that k-means finds, in standard
-- deviations, ordered by number of interactions. Of 3 to 8 clusters, the number with the best
-- silhouette is taken. A Python function, because k-means repeats until nothing changes. It holds
-- all subscribers in the memory of one worker: above 20,000 subscribers it uses a sample of that
-- size, drawn by their keys.

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
