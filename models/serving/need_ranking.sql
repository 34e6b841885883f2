{{ config(enabled=has_feed('indicators')) }}

-- Entities by need, the greatest first, with the reasons and the cluster of each. Of published
-- figures only. docs/definitions.md (Need).

with

need_values as (

    select * from {{ ref('need_values') }}

),

-- How much worse a figure is than that of half of the entities.
compared as (

    select
        *,
        need - median(need) over (partition by indicator) as need_above_median
    from need_values

),

by_entity as (

    select
        entity,
        bool_and(is_ranked) as is_ranked,
        avg(need) as need_index,
        count(*) as n_indicators,
        count_if(is_missing) as n_missing,
        count_if(is_outlier) as n_outliers,
        slice(
            array_sort(
                collect_list(
                    case
                        when need_above_median > 0 then struct(-need_above_median, indicator)
                    end
                )
            ), 1, 3
        ) as worst
    from compared
    group by entity

),

clusterings as (

    {{ clusterings_of_entities('need_values') | indent }}

),

clustered as (

    select
        posexplode(entities) as (place, entity),
        clusters,
        agglomerative_clusters
    from clusterings
    where is_chosen

),

numbered as (

    select
        entity,
        clusters[place] as cluster_number,
        agglomerative_clusters[place] as agglomerative_number
    from clustered

),

-- Clusters are numbered by their need, the greatest first.
cluster_needs as (

    select
        by_entity.*,
        numbered.cluster_number,
        numbered.agglomerative_number,
        avg(by_entity.need_index) over (partition by numbered.cluster_number) as cluster_need,
        avg(by_entity.need_index) over (partition by numbered.agglomerative_number)
            as agglomerative_need
    from by_entity
    left join numbered
        on by_entity.entity = numbered.entity

),

final as (

    select
        entity,
        case
            when is_ranked then rank() over (order by need_index desc nulls last)
        end as need_rank,
        round(need_index, 4) as need_index,
        case
            when is_ranked then dense_rank() over (
                order by
                    cluster_need desc nulls last,
                    cluster_number asc
            )
        end as need_cluster,
        case
            when agglomerative_number is not null then dense_rank() over (
                order by
                    agglomerative_need desc nulls last,
                    agglomerative_number asc
            )
        end as agglomerative_cluster,
        array_join(transform(worst, x -> x.indicator), ', ') as reasons,
        n_indicators,
        n_missing,
        n_outliers
    from cluster_needs

)

select * from final
