-- Every area of the marts, with what a map needs: name, population, outline. Published with the
-- releases by `throng release publish`: a list that has changed is a further geography version.

with

published as (

    select * from {{ source('released', 'areas') }}

),

-- A list may come back: a version is as new as its last publication.
versions as (

    select
        geography_version,
        max(published_at) as published_at,
        max(max(published_at)) over () as last_published_at
    from published
    group by geography_version

),

final as (

    select
        published.geography_version,
        published.area_level,
        published.area_id,
        published.area_name,
        published.parent_area_id,
        published.population,
        published.has_cells,
        published.outline,
        published.outline_source,
        published.boundary_source,
        published.centroid_longitude,
        published.centroid_latitude,
        published.area_km2,
        published.n_cells,
        versions.published_at = versions.last_published_at as is_current
    from published
    inner join versions
        on
            published.geography_version = versions.geography_version
            and published.published_at = versions.published_at

)

select * from final
