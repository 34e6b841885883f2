-- Which sites are one place: within 1 km of each other by Ward's rule, as the World Bank has it. A
-- Python function, because whether two sites join depends on all others around them.
-- depends_on: {{ ref('int_list_problems') }} (nothing is made of lists that contradict themselves)

with

cell_sites as (

    select * from {{ ref('int_cells_checked') }}
    where
        reject_reason is null
        and longitude is not null

),

clustered as (

    select {{ site_clusters_of('collect_set(struct(longitude, latitude))') }} as sites
    from cell_sites

),

final as (

    select inline(sites) as (longitude, latitude, site_cluster_id)
    from clustered

)

select * from final
