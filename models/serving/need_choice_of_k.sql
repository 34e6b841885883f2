{{ config(enabled=has_feed('indicators')) }}

-- Into how many clusters the entities may be divided, and how well each number fits. Of published
-- figures only.

with

need_values as (

    select * from {{ ref('need_values') }}

),

clusterings as (

    {{ clusterings_of_entities('need_values') | indent }}

),

final as (

    select
        n_clusters,
        wcss,
        elbow_height,
        silhouette,
        agglomerative_silhouette,
        is_chosen
    from clusterings

)

select * from final
