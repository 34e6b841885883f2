-- The ground that is nearer to each place than to all others (Voronoi cells), within the country:
-- the ground of all boundaries, or, without any, the places and a margin.

with

site_clusters as (

    select * from {{ ref('int_site_clusters') }}

),

areas as (

    select * from {{ ref('int_areas') }}

),

-- A ten-millionth of a degree is a centimetre: sums in another order end in the same number.
places as (

    select
        site_cluster_id,
        round(avg(longitude), 7) as longitude,
        round(avg(latitude), 7) as latitude,
        cast(count(*) as int) as n_sites
    from site_clusters
    group by site_cluster_id

),

all_places as (

    select collect_list(struct(site_cluster_id, longitude, latitude)) as places
    from places

),

boundaries as (

    select collect_list(geometry) as boundaries
    from areas
    where west is not null

),

grounds as (

    select {{ ground_of('all_places.places', 'boundaries.boundaries') }} as grounds
    from all_places
    cross join boundaries

),

outlines as (

    select inline(grounds) as (site_cluster_id, outline)
    from grounds

),

final as (

    select
        places.site_cluster_id,
        places.n_sites,
        places.longitude,
        places.latitude,
        outlines.outline
    from places
    left join outlines
        on places.site_cluster_id = outlines.site_cluster_id

)

select * from final
